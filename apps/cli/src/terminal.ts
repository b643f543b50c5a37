import { once } from 'node:events';
import { styleText } from 'node:util';
import { exitCodes, type Failure } from './failure.ts';
import { printable, printableLines } from './printable.ts';
import { wrapped } from './wrapped.ts';

/** Where a command writes: results to standard output, all else to standard error. */
export type Terminal = {
  readonly output: NodeJS.WriteStream;
  readonly messages: NodeJS.WriteStream;
  /** Results as JSON, errors as JSON, nothing else. */
  readonly json: boolean;
};

/** A text that is shown in a style where the terminal has colours. */
export type Styled = { readonly style: 'red' | 'green' | 'yellow'; readonly text: string };

/**
 * Whatever is printed is cleaned here, colours being put on afterwards: servers, files and arguments may hold what
 * steers a terminal. At a terminal, lines are wrapped between words.
 */
export function print(terminal: Terminal, ...parts: readonly (string | Styled)[]): void {
  terminal.output.write(`${fitted(terminal.output, parts)}\n`);
}

/** As {@link print}, for lines that have a form of their own or are to be copied: none is wrapped. */
export function printUnwrapped(terminal: Terminal, text: string): void {
  terminal.output.write(`${printableLines(text)}\n`);
}

/** Writes results, and waits where whoever reads them is slower. Does nothing once nobody reads them any more. */
export async function putOut({ output }: Terminal, text: string): Promise<void> {
  if (text === '' || !output.writable || output.write(text)) return;
  try {
    await once(output, 'drain');
  } catch (error) {
    // What that means is decided where the command is run.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

/** A word beside the results; programs do not get it. */
export function note(terminal: Terminal, ...parts: readonly (string | Styled)[]): void {
  if (!terminal.json) terminal.messages.write(`${fitted(terminal.messages, parts)}\n`);
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.output.write(`${jsonText(value, 2)}\n`);
}

/** JSON for the output. Control and formatting characters are escaped: JSON itself lets most of them stand. */
export function jsonText(value: unknown, indent?: number): string {
  const lines = JSON.stringify(value, null, indent).split('\n');
  return lines.map((line) => line.replaceAll(/\p{Cc}|\p{Cf}/gu, escaped)).join('\n');
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

export function printFailure(terminal: Terminal, failure: Failure): void {
  if (terminal.json) {
    const { exitCode: _, ...error } = failure;
    terminal.messages.write(`${jsonText({ error })}\n`);
    return;
  }
  const isInterrupted = failure.exitCode === exitCodes.interrupted;
  const heading = isInterrupted ? 'interrupted:' : { style: 'red' as const, text: 'error:' };
  note(terminal, heading, ` ${failure.message}`);
  for (const { place, message } of failure.problems) note(terminal, `  ${printable(place)}: ${printable(message)}`);
  if (failure.remedy !== null) note(terminal, failure.remedy);
}

/** What is printed to a stream: cleaned, and wrapped if that is a terminal. */
export function fitted(stream: NodeJS.WriteStream, parts: readonly (string | Styled)[]): string {
  return wrapped(shown(stream, parts), stream.isTTY ? stream.columns : undefined);
}

/** Coloured where the stream is a terminal that wants it (`NO_COLOR`, `FORCE_COLOR`). */
function shown(stream: NodeJS.WriteStream, parts: readonly (string | Styled)[]): string {
  return parts
    .map((part) =>
      typeof part === 'string' ? printableLines(part) : styleText(part.style, printableLines(part.text), { stream }),
    )
    .join('');
}
