import { quote } from '../../../quote.ts';
import type { Digest } from '../../data.ts';

/** Maximum number of bytes of a manifest: a line for each of 100,000 files. */
export const manifestBytesMax = 16 * 1024 * 1024;
const lineCharactersMax = 8 * 1024;

/** A manifest (`.mf`): the digest of each file by its name, as written. */
export type Manifest = {
  readonly digests: ReadonlyMap<string, Digest>;
  /** Files whose digests have an algorithm that is not known here. */
  readonly unknown: ReadonlySet<string>;
};

export type ManifestReading =
  | ({ readonly kind: 'read' } & Manifest)
  | { readonly kind: 'unreadable'; readonly detail: string };

/** Number of hex digits of each algorithm. */
const digits = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const satisfies Record<Digest['algorithm'], number>;
const algorithms = Object.keys(digits) as readonly Digest['algorithm'][];

export type DigestLine = { readonly algorithm: string; readonly name: string; readonly hex: string };

/** Reads a line `ALGORITHM(name)= hex`, with blanks anywhere between its parts; null if it is none. */
export function parseDigestLine(line: string): DigestLine | null {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open === -1 || close < open || line.length > lineCharactersMax) return null;
  const algorithm = line.slice(0, open).trim().toLowerCase().replace('-', '');
  const name = line.slice(open + 1, close).trim();
  const rest = line.slice(close + 1).trim();
  const hex = rest.startsWith('=') ? rest.slice(1).trim() : '';
  return /^[a-z0-9]+$/.test(algorithm) && name !== '' && /^[0-9a-f]+$/i.test(hex) ? { algorithm, name, hex } : null;
}

/** Reads a manifest. Writers differ in blanks, ends of lines and the case of digits; the digests are taken as they are. */
export function readManifestLines(bytes: Uint8Array): ManifestReading {
  const digests = new Map<string, Digest>();
  const unknown = new Set<string>();
  const lines = new TextDecoder().decode(bytes).split(/\r\n|\n|\r/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const parsed = parseDigestLine(line);
    if (parsed === null) return unreadable(index, `${quote(line)} is not the digest of a file`);
    const { name, hex } = parsed;
    const algorithm = algorithms.find((each) => each === parsed.algorithm);
    if (algorithm === undefined) {
      unknown.add(name);
      continue;
    }
    if (hex.length !== digits[algorithm]) {
      return unreadable(index, `a digest of ${algorithm} must have ${digits[algorithm]} digits, not ${hex.length}`);
    }
    const earlier = digests.get(name);
    if (earlier?.algorithm === algorithm && earlier.hex.toLowerCase() !== hex.toLowerCase()) {
      return unreadable(index, `${quote(name)} has two different digests`);
    }
    // The longer one of two algorithms says more.
    if (earlier === undefined || digits[earlier.algorithm] < digits[algorithm]) digests.set(name, { algorithm, hex });
  }
  for (const name of digests.keys()) unknown.delete(name);
  return { kind: 'read', digests, unknown };
}

function unreadable(index: number, detail: string): ManifestReading {
  return { kind: 'unreadable', detail: `line ${index + 1}: ${detail}` };
}
