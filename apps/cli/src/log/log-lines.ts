import { z } from 'zod';

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** An entry as pino writes it. */
const entry = z.looseObject({ level: z.string(), time: z.string(), msg: z.string() });

/** Priorities of syslog, which the journal reads from the beginning of a line: see sd-daemon(3). */
const priorities: Readonly<Record<string, string>> = { error: '<3>', warn: '<4>', info: '<6>', debug: '<7>' };

/**
 * Converts a line of pino to one line for people, without colours: time, level, message, and the other fields. The
 * journal knows the time, and gets the level as the priority of the line. Values from outside cannot begin a new line
 * or control a terminal.
 */
export function textLine(line: string, isForJournal: boolean): string {
  const { time, level, msg, ...fields } = entry.parse(JSON.parse(line));
  const begin = isForJournal ? `${priorities[level] ?? ''}` : `${time} ${level.padEnd(5)} `;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${valueText(value)}`);
  return `${escaped(`${begin}${msg}${rest.join('')}`)}\n`;
}

/** A line of pino with the characters escaped that JSON allows, but that control terminals. */
export function jsonLine(line: string): string {
  return `${escaped(line.trimEnd())}\n`;
}

/** Text with blanks, quotes or equals signs is quoted, so that fields can be told apart. */
function valueText(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

/** Escapes control and formatting characters as JSON does. */
function escaped(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === '\n' ? '\\n' : character.split('').map(unitText).join(''),
  );
}

function unitText(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
