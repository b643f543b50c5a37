import { serverConfiguration } from '@backup-sync/contracts/server-configuration';
import leven from 'leven';
import { configurationKeys } from './keys.ts';
import { furtherProblems, type ParsedYaml, type Place, problemsMax } from './parse-yaml.ts';

/** A problem of a value of the file. */
export type ValueProblem = { readonly place: Place; readonly message: string; readonly path: readonly PropertyKey[] };

/** A problem whose message is not worded yet, because most of very many are never shown. */
type Found = Omit<ValueProblem, 'message'> & { readonly say: () => string };

/** Characters of a value or key that a message shows. */
const shownMax = 60;

const keys = configurationKeys.map(({ key }) => key);
/** `server`, `server.tls` and so on. */
const sections = new Set(
  keys.flatMap((key) => key.split('.').map((_, index, parts) => parts.slice(0, index).join('.'))),
);

/** Returns the problems of the values of a file, in the order of its lines. If there are too many, the last one says so. */
export function checkValues({ value, placeOf, keyPlaceOf }: ParsedYaml): ValueProblem[] {
  const found: Found[] = emptyKeys(value).map((path) => ({
    path,
    place: keyPlaceOf(path),
    say: () => `${path.join('.')} has no value: give one, or remove the key`,
  }));
  const parsed = serverConfiguration.safeParse(withoutEmpty(value, []));
  for (const issue of parsed.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        const path = [...issue.path.map(String), key];
        found.push({ path, place: keyPlaceOf(path), say: () => unknownKey(path) });
      }
      continue;
    }
    const { path } = issue;
    found.push({
      path,
      place: placeOf(path),
      say: () => `${nameOf(path)} ${issue.message}${shownValue(nameOf(path), valueAt(value, path))}`,
    });
  }
  found.sort((one, other) => one.place.line - other.place.line || one.place.column - other.place.column);
  const problems: ValueProblem[] = [];
  for (const { path, place, say } of found.slice(0, problemsMax)) {
    const message = say();
    // A value can break several rules that have the same message.
    if (!problems.some((other) => other.message === message && other.place === place))
      problems.push({ path, place, message });
  }
  // Without a path, it says that no value of the file is known to be valid.
  return [...problems, ...furtherProblems(found).map((problem) => ({ ...problem, path: [] }))];
}

/** The value at a path, as messages call it: `server.trusted_proxies[1]`. */
function nameOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the file';
  return path.reduce<string>(
    (name, part) =>
      typeof part === 'number' ? `${name}[${part}]` : name === '' ? String(part) : `${name}.${String(part)}`,
    '',
  );
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
