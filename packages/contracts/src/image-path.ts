/**
 * Returns the problem of an image path; undefined if the path may be used.
 *
 * An image path is relative to its bucket and must not lead out of it, in any spelling. The percent-decoded forms are
 * checked too, since a store or proxy may decode them.
 */
export function imagePathProblem(path: string): string | undefined {
  if (!path.isWellFormed()) return 'has half of a surrogate pair; send well-formed Unicode';
  if (!path.includes('%')) return plainPathProblem(path);
  for (const form of decodedForms(path)) {
    const problem = plainPathProblem(form);
    if (problem !== undefined) return form === path ? problem : `${problem} once percent-decoded`;
  }
  return undefined;
}

function plainPathProblem(path: string): string | undefined {
  if (path.includes('\0')) return 'has a NUL character';
  if (path.includes('\\')) return 'has a backslash; separate segments by "/"';
  if (path.startsWith('/')) return 'starts with "/"; give the path relative to the bucket';
  for (const segment of path.split('/')) {
    if (segment === '') return 'has an empty segment ("//" or a trailing "/")';
    if (segment === '.' || segment === '..') return `has the segment "${segment}"; name the path directly`;
  }
  return undefined;
}

/** Nobody encodes a path more often; each round takes time in proportion to the path's length. */
const decodingsMax = 8;

/** Yields the path, then each further percent-decoded form until nothing changes. */
function* decodedForms(path: string): Generator<string> {
  let form = path;
  for (let round = 0; round <= decodingsMax; round += 1) {
    yield form;
    const decoded = percentDecode(form);
    if (decoded === form) return;
    form = decoded;
  }
  // A path that is still encoded is refused, like the segment it might hide.
  yield '..';
}

/** Overlong UTF-8 encodings of NUL, ".", "/" and "\", which lax decoders accept. */
const overlong: readonly (readonly [RegExp, string])[] = [
  [/%c0%80|%e0%80%80|%f0%80%80%80/gi, '\0'],
  [/%c0%ae|%e0%80%ae|%f0%80%80%ae/gi, '.'],
  [/%c0%af|%e0%80%af|%f0%80%80%af/gi, '/'],
  [/%c1%9c|%e0%81%9c|%f0%80%81%9c/gi, '\\'],
];

function percentDecode(text: string): string {
  let decoded = text;
  for (const [pattern, character] of overlong) decoded = decoded.replace(pattern, character);
  // ASCII only: other octets cannot become a separator or a dot, and may be part of a real name.
  return decoded.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
