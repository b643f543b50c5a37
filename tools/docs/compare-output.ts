import { elision } from './console-block.ts';

/** Values that differ from run to run, by their names in a comparison. The order matters. */
const changing: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['<id>', /\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g],
  // Secrets are 32 bytes in base64url, ids of access keys 10 bytes in hex. Names of variables are neither.
  ['<secret>', /(?<![\w-])[\w-]{43}(?![\w-])/g],
  ['<password>', /(?<=\bpassword )[\w-]{24}(?![\w-])/g],
  ['<access key>', /\b(?=[A-F]*\d)[0-9A-F]{20}\b/g],
  // Backups of the examples are of 02:00:00 on three days, in every run.
  ['<time>', /\b(?!2026-09-0[123][T ]02:00:00)\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|\+00:00)?/g],
  ['<estimate>', /(?<=\btakes )(?:about |less than )\d+(?:\.\d+)? (?:ms|s|min|h)\b/g],
  // Of the examples, which are of one day. Limits, such as "within 26 h", stay.
  ['<age>', /\b\d+ d(?= old\b)|(?<= {2})\d+ d(?= {2})|(?<==)\d+s(?=;)/g],
];

/** A line without the values that differ from run to run, and without the widths of columns. */
function settled(line: string): string {
  const masked = changing.reduce((text, [name, pattern]) => text.replaceAll(pattern, name), line);
  return masked.replaceAll(/\s+/g, ' ').replaceAll(/-{3,}/g, '---').trim();
}

/**
 * Whether `printed` equals the output that a page shows, except for ids, secrets, times, durations and the widths of
 * columns.
 */
export function matches(shown: readonly string[], printed: readonly string[]): boolean {
  const wanted = withoutBlankEnd(shown).map(settled);
  return matchesFrom(wanted, withoutBlankEnd(printed).map(settled));
}

function matchesFrom(wanted: readonly string[], printed: readonly string[]): boolean {
  const at = wanted.indexOf(elision);
  if (at === -1) return wanted.length === printed.length && wanted.every((line, index) => line === printed[index]);
  if (!wanted.slice(0, at).every((line, index) => line === printed[index])) return false;
  const rest = wanted.slice(at + 1);
  for (let from = at; from <= printed.length; from += 1) if (matchesFrom(rest, printed.slice(from))) return true;
  return false;
}

function withoutBlankEnd(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return lines.slice(0, last + 1);
}

/**
 * The new output of a page: `printed`, without the lines that the page left out before. Each line of the page matches
 * the next printed line with the same first word. If a line has no match, the result is all of `printed`.
 */
export function keepElisions(shown: readonly string[], printed: readonly string[]): readonly string[] {
  const next: string[] = [];
  let from = 0;
  for (const line of shown) {
    if (line === elision) {
      next.push(elision);
      continue;
    }
    const at = printed.findIndex((each, index) => index >= from && firstWord(each) === firstWord(line));
    const isAdjacent = at === from || next.at(-1) === elision;
    if (at === -1 || !isAdjacent) return printed;
    next.push(printed[at] ?? '');
    from = at + 1;
  }
  return matches(next, printed) ? next : printed;
}

function firstWord(line: string): string {
  return settled(line).split(' ')[0] ?? '';
}
