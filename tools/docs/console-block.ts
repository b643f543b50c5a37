import type { CodeBlock } from './markdown-page.ts';

/** A command of a page, and the output that the page shows for it. */
export type PageCommand = {
  /** As typed; lines after the first are continuations. */
  readonly command: string;
  /** Lines that the page shows. A line `…` matches any number of lines. */
  readonly output: readonly string[];
  /** Number of the line of its prompt in the page, from 1. */
  readonly line: number;
};

/** Matches any number of lines in the output that a page shows. */
export const elision = '…';

/**
 * The commands of a `console` block. A command follows `$ `, its continuation lines follow `> `, and its output comes
 * next. Throws an Error for output without a command.
 */
export function parseConsole({ text, line }: Pick<CodeBlock, 'text' | 'line'>): PageCommand[] {
  const commands: { command: string; output: string[]; line: number }[] = [];
  for (const [index, shown] of text.split('\n').entries()) {
    const current = commands.at(-1);
    if (shown.startsWith('$ ')) commands.push({ command: shown.slice(2), output: [], line: line + index });
    else if (current === undefined) throw new Error(`line ${line + index}: output comes before the first "$ "`);
    else if (/^>( |$)/.test(shown) && current.output.length === 0) current.command += `\n${shown.slice(2)}`;
    else current.output.push(shown);
  }
  return commands;
}

/** The text of a block with these outputs. */
export function formatConsole(commands: readonly Omit<PageCommand, 'line'>[]): string {
  return commands.flatMap(({ command, output }) => [`$ ${command.replaceAll('\n', '\n> ')}`, ...output]).join('\n');
}
