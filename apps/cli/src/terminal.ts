import { styleText } from 'node:util';
import type { Failure } from './failure.ts';

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
  const lines =
    failure.problems.length === 0
      ? [`${styled(terminal, 'red', 'error:')} ${failure.message}`]
      : [
          `${styled(terminal, 'red', 'error:')} the request is not valid`,
          ...failure.problems.map(({ place, message }) => `  ${place}: ${message}`),
        ];
  if (failure.remedy !== null) lines.push(failure.remedy);
  terminal.messages.write(`${lines.join('\n')}\n`);
}

/** Colour where the stream is a terminal that wants it (`NO_COLOR`, `FORCE_COLOR`). */
export function styled(terminal: Terminal, style: 'red' | 'green' | 'yellow' | 'dim' | 'bold', text: string): string {
  return styleText(style, text, { stream: terminal.messages });
}
