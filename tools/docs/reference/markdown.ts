/** A table; cells may contain Markdown. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(headings), `|${' --- |'.repeat(headings.length)}`, ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

export function codeBlock(language: string, text: string): string {
  return `\`\`\`${language}\n${text.replace(/\n+$/, '')}\n\`\`\``;
}

/** A generated page: its heading, its introduction and its parts. */
export function generatedPage(title: string, parts: readonly string[]): string {
  const notice = '<!-- Written by `pnpm run docs` from the code. Change the code instead. -->';
  return `${[notice, `# ${title}`, ...parts].join('\n\n')}\n`;
}

/** `text` as a sentence: with a capital and a full stop. */
export function sentence(text: string): string {
  const capital = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
  return /[.!?:]$/.test(capital) ? capital : `${capital}.`;
}
