import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const narrowest = 20;
/** Stands for a blank at which a line must not break. */
const unbroken = '\u{f8ff}';

/**
 * Wraps lines that are wider than the terminal, between words and with the indent of the line. Wider words and commands
 * in quotation marks stay whole, so that they can be copied.
 */
export function wrapped(text: string, width: number | undefined): string {
  if (width === undefined || width < narrowest) return text;
  // No character takes more columns than it has bytes.
  const isWide = (line: string) => Buffer.byteLength(line) > width;
  return text
    .split('\n')
    .map((line) => (isWide(line) ? wrappedLine(line, width) : line))
    .join('\n');
}

function wrappedLine(line: string, width: number): string {
  const content = line.trim();
  const start = line.indexOf(content);
  const indent = line.slice(0, start);
  // A question ends with a space, behind which the answer is typed.
  const end = line.slice(start + content.length);
  // Loaded only when needed: it knows the width of every character, which takes a while to load.
  const { default: wrap } = load('wrap-ansi') as typeof import('wrap-ansi');
  return wrap(
    content.replaceAll(/"backup-sync [^"]*"/g, (command) => command.replaceAll(' ', unbroken)),
    Math.max(narrowest, width - indent.length),
  )
    .replaceAll(unbroken, ' ')
    .replaceAll(/^/gm, indent)
    .concat(end);
}
