import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const narrowest = 20;
/** Stands for a blank at which no line ends. */
const unbroken = '\u{f8ff}';

/**
 * Wraps the lines that are wider than a terminal between words, as far in as they began. Words that are wider stay whole,
 * and so do commands in quotation marks: both are copied.
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
  const content = line.trimStart();
  const indent = line.slice(0, line.length - content.length);
  // What knows the width of every character takes a while to load, and most lines are short.
  const { default: wrap } = load('wrap-ansi') as typeof import('wrap-ansi');
  return wrap(
    content.replaceAll(/"backup-sync [^"]*"/g, (command) => command.replaceAll(' ', unbroken)),
    Math.max(narrowest, width - indent.length),
  )
    .replaceAll(unbroken, ' ')
    .replaceAll(/^/gm, indent);
}
