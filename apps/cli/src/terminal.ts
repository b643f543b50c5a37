import { once } from 'node:events';
import { styleText } from 'node:util';
import type { Failure } from './failure.ts';
import { type Column, formatTable, printable } from './table.ts';

/** Where a command writes: results to standard output, all else to standard error. */
export type Terminal = {
  readonly output: NodeJS.WriteStream;
  readonly messages: NodeJS.WriteStream;
  /** Results as JSON, errors as JSON, nothing else. */
  readonly json: boolean;
};

export function print(terminal: Terminal, text: string): void {
  terminal.output.write(`${text}\n`);
}

/** Prints rows as wide as the terminal; whole where the output is no terminal. */
export function printTable(terminal: Terminal, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  print(terminal, formatTable(columns, rows, terminal.output.isTTY ? terminal.output.columns : undefined));
}

/** Prints what is known of one thing, a line a field. */
export function printFields(terminal: Terminal, rows: readonly (readonly string[])[]): void {
  printTable(terminal, [{ heading: 'FIELD' }, { heading: 'VALUE', wraps: true }], rows);
}

/** Writes results, and waits where whoever reads them is slower. */
export async function putOut(terminal: Terminal, text: string): Promise<void> {
  if (text !== '' && !terminal.output.write(text)) await once(terminal.output, 'drain');
}

/** A word beside the results; programs do not get it. */
export function note(terminal: Terminal, text: string): void {
  if (!terminal.json) terminal.messages.write(`${text}\n`);
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.output.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function printFailure(terminal: Terminal, failure: Failure): void {
  if (terminal.json) {
    const { exitCode: _, ...error } = failure;
    terminal.messages.write(`${JSON.stringify({ error })}\n`);
    return;
  }
  const lines = [
    `${styled(terminal, 'red', 'error:')} ${failure.message}`,
    ...failure.problems.map(({ place, message }) => `  ${printable(place)}: ${printable(message)}`),
  ];
  if (failure.remedy !== null) lines.push(failure.remedy);
  terminal.messages.write(`${lines.join('\n')}\n`);
}

/** Colour where the stream is a terminal that wants it (`NO_COLOR`, `FORCE_COLOR`). */
export function styled(terminal: Terminal, style: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string): string {
  return styleText(style, text, { stream: terminal.messages });
}
