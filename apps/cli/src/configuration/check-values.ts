import { serverConfiguration } from '@backup-sync/contracts/server-configuration';
import leven from 'leven';
import { configurationKeys } from './keys.ts';
import type { ParsedYaml, Place } from './parse-yaml.ts';

/** A problem of a value of the file. */
export type ValueProblem = { readonly place: Place; readonly message: string; readonly path: readonly PropertyKey[] };

/** Characters of a value or key that a message shows. */
const shownMax = 60;

const keys = configurationKeys.map(({ key }) => key);
/** `server`, `server.tls` and so on. */
const sections = new Set(
  keys.flatMap((key) => key.split('.').map((_, index, parts) => parts.slice(0, index).join('.'))),
);

/** Returns every problem of the values of a file, in the order of its lines. */
export function checkValues({ value, placeOf, keyPlaceOf }: ParsedYaml): ValueProblem[] {
  const problems: ValueProblem[] = emptyKeys(value).map((path) => ({
    path,
    place: keyPlaceOf(path),
    message: `${path.join('.')} has no value: give one, or remove the key`,
  }));
  const parsed = serverConfiguration.safeParse(withoutEmpty(value, []));
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const path = [...issue.path.map(String), key];
        problems.push({ path, place: keyPlaceOf(path), message: unknownKey(path) });
      }
      continue;
    }
    const name = issue.path.reduce<string>(
      (named, part) =>
        typeof part === 'number' ? `${named}[${part}]` : named === '' ? String(part) : `${named}.${String(part)}`,
      '',
    );
    const message = `${name === '' ? 'the file' : name} ${issue.message}${shownValue(name, valueAt(value, issue.path))}`;
    const place = placeOf(issue.path);
    // A value can break several rules that have the same message.
    if (!problems.some((other) => other.message === message && other.place === place))
      problems.push({ path: issue.path, place, message });
  }
  return problems.sort((one, other) => one.place.line - other.place.line || one.place.column - other.place.column);
}

/** The value of a file without what is null: a section may have only comments. */
export function withoutEmpty(value: unknown, path: readonly string[]): unknown {
  if (value === null && sections.has(path.join('.'))) return {};
  if (!isMap(value)) return value;
  const entries = Object.entries(value)
    .map(([key, each]) => [key, withoutEmpty(each, [...path, key])] as const)
    .filter(([, each]) => each !== null);
  return Object.fromEntries(entries);
}

/** Paths of known keys without a value. */
function emptyKeys(value: unknown): string[][] {
  return keys.map((key) => key.split('.')).filter((path) => valueAt(value, path) === null);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, part) => {
    if (Array.isArray(at)) return at[Number(part)];
    return isMap(at) && Object.hasOwn(at, part) ? at[String(part)] : undefined;
  }, value);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The wrong value; nothing if it may be or contain a secret, or is long. */
function shownValue(key: string, value: unknown): string {
  if (key.endsWith('_file') || typeof value === 'object' || value === undefined) return '';
  const text = JSON.stringify(value);
  return text.length > shownMax || text.includes('@') ? '' : `, not ${text}`;
}

/** What to do about an unknown key. Its value is never shown. */
function unknownKey(path: readonly string[]): string {
  const name = path.join('.');
  const shown = name.length > shownMax ? `${name.slice(0, shownMax)}…` : name;
  if (keys.includes(`${name}_file`)) {
    return `${shown}: the file may not have a secret itself: write it to another file, and name that in ${name}_file`;
  }
  const nearest = nearestKey(path);
  return nearest === null
    ? `${shown} is not a key: remove it`
    : `${shown} is not a key: did you mean ${nearest}? If not, remove it`;
}

/** The known key or section that is closest to an unknown one; null if none is close. */
function nearestKey(path: readonly string[]): string | null {
  const name = plain(path.join('.'));
  const last = plain(path.at(-1) ?? '');
  // Measuring how far a very long key is from each known one takes long.
  if (name.length > shownMax) return null;
  const known = [...keys, ...sections].filter((key) => key !== '');
  const candidates = known.map((key) => ({
    key,
    distance: Math.min(
      leven(name, plain(key)),
      leven(last, plain(key.split('.').at(-1) ?? '')) + (key.startsWith(path.slice(0, -1).join('.')) ? 0 : 0.5),
    ),
  }));
  const [best] = candidates.sort((one, other) => one.distance - other.distance);
  return best !== undefined && best.distance <= Math.max(1, last.length / 3) ? best.key : null;
}

/** A key as people may also write it: `trustedProxies` or `trusted-proxies`. */
function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, '');
}
