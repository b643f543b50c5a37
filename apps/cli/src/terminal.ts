import { once } from 'node:events';
import { styleText } from 'node:util';
import { exitCodes, type Failure, withNumber } from './failure.ts';
import { printable, printableLines } from './printable.ts';
import { wrapped } from './wrapped.ts';

/** Where a command writes: results to standard output, everything else to standard error. */
export type Terminal = {
  readonly output: NodeJS.WriteStream;
  readonly messages: NodeJS.WriteStream;
  /** Print results and errors as JSON, and nothing else. */
  readonly json: boolean;
};

/** A string that is styled if the terminal has colours. */
export type Styled = { readonly style: 'red' | 'green' | 'yellow'; readonly text: string };

/**
 * Prints results. The text is cleaned before colours are added: servers, files and arguments may contain sequences that
 * control a terminal. On a terminal, lines are wrapped between words.
 */
export function print(terminal: Terminal, ...parts: readonly (string | Styled)[]): void {
  terminal.output.write(`${fitted(terminal.output, parts)}\n`);
}

/** Like {@link print}, without wrapping: for lines that are already laid out, or are to be copied. */
export function printUnwrapped(terminal: Terminal, text: string): void {
  terminal.output.write(`${printableLines(text)}\n`);
}

/** Writes results, and waits for a slow reader. Does nothing once the reader is gone. */
export async function putOut({ output }: Terminal, text: string): Promise<void> {
  if (text === '' || !output.writable || output.write(text)) return;
  try {
    await once(output, 'drain');
  } catch (error) {
    // run-command-line.ts handles that.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

/** Prints a message for people to standard error. With --json, prints nothing. */
export function note(terminal: Terminal, ...parts: readonly (string | Styled)[]): void {
  if (!terminal.json) terminal.messages.write(`${fitted(terminal.messages, parts)}\n`);
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.output.write(`${jsonText(value, 2)}\n`);
}

/** JSON for the output. Control and formatting characters are escaped; JSON itself escapes only a few of them. */
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
  if (isInterrupted) note(terminal, `interrupted: ${failure.message}`);
  else note(terminal, { style: 'red', text: 'error:' }, ` ${withNumber(failure.message, failure.code)}`);
  for (const { place, message } of failure.problems) note(terminal, `  ${printable(place)}: ${printable(message)}`);
  if (failure.remedy !== null) note(terminal, failure.remedy);
}

/** Prepares text for a stream: cleaned, and wrapped if the stream is a terminal. */
export function fitted(stream: NodeJS.WriteStream, parts: readonly (string | Styled)[]): string {
  return wrapped(shown(stream, parts), stream.isTTY ? stream.columns : undefined);
}

/** Cleans the parts, and colours them if the stream supports it (`NO_COLOR`, `FORCE_COLOR`). */
function shown(stream: NodeJS.WriteStream, parts: readonly (string | Styled)[]): string {
  return parts
    .map((part) =>
      typeof part === 'string' ? printableLines(part) : styleText(part.style, printableLines(part.text), { stream }),
    )
    .join('');
}
