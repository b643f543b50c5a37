import { glossary } from '../../../packages/contracts/src/index.ts';
import { generatedPage } from './markdown.ts';

export function glossaryPage(): string {
  return generatedPage('Glossary', [
    'The words that these pages, the messages of the command and the code use. Each has one meaning everywhere.',
    ...Object.entries(glossary)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([term, meaning]) => `**${term}**: ${meaning}`),
  ]);
}
