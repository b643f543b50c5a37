import { type Failure, withNumber } from '../failure.ts';
import { printable } from '../printable.ts';
import { note, printJson, printUnwrapped, type Terminal } from '../terminal.ts';

/** The exit codes of a monitoring plug-in; see the guidelines of the Monitoring Plugins project. */
export const pluginCodes = { OK: 0, WARNING: 1, CRITICAL: 2, UNKNOWN: 3 } as const;
export type PluginState = keyof typeof pluginCodes;

/** A figure for a monitor to record and draw. */
export type PerformanceDatum = {
  readonly label: string;
  /** Null if it is not known. */
  readonly value: number | null;
  /** Ages in seconds, from 0, with the ages above which they are late. */
  readonly age?: { readonly warning: number | null; readonly critical: number };
};

/** Maximum length of a name: names come from others, and monitors cut long lines. */
const nameMax = 60;

/** Prepares a name for the line: short, and without characters that end the line or begin the performance data. */
export function pluginName(name: string): string {
  return cut(oneLine(name));
}

/** A label that monitors accept. Different names may get the same label. */
export function pluginLabel(name: string): string {
  return cut(name.replaceAll(/['=|\p{C}\p{Zl}\p{Zp}]/gu, '_'));
}

/** The line that a monitor reads: the state, the message, and the performance data after a `|`. */
export function pluginLine(state: PluginState, message: string, performance: readonly PerformanceDatum[]): string {
  const data = performance.map(performanceText).join(' ');
  return `${state}: ${oneLine(message)}${data === '' ? '' : ` | ${data}`}`;
}

/**
 * Prints the reason why a check was not possible, in one line, and the remedy to standard error. Returns the exit code.
 */
export function printUnknown(terminal: Terminal, { code, message, problems, remedy }: Failure): number {
  const lines = message.split('\n');
  // The stack trace, if it is a fault of this program.
  const trace = lines.filter((line) => /^\s+at /.test(line));
  const said = lines.filter((line) => !trace.includes(line)).join('\n');
  const text = [said, ...problems.map((problem) => `${problem.place}: ${problem.message}`)].join('; ');
  if (terminal.json) printJson(terminal, { state: 'UNKNOWN', code, message: text, resources: [] });
  else printUnwrapped(terminal, pluginLine('UNKNOWN', withNumber(text, code), []));
  for (const line of [...trace, ...(remedy === null ? [] : [remedy])]) note(terminal, line);
  return pluginCodes.UNKNOWN;
}

function performanceText({ label, value, age }: PerformanceDatum): string {
  const name = `'${pluginLabel(label)}'`;
  if (age === undefined) return `${name}=${value ?? 'U'}`;
  return `${name}=${value === null ? 'U' : `${value}s`};${age.warning ?? ''};${age.critical};0`;
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*[\r\n\u{2028}\u{2029}]+\s*/gu, ' ').replaceAll('|', '¦'));
}

function cut(text: string): string {
  const characters = Array.from(text);
  return characters.length > nameMax ? `${characters.slice(0, nameMax - 1).join('')}…` : text;
}
