import type {
  BucketPlanResult,
  Operation,
  SyncForecast,
  SyncOutcome,
  VerificationLevel,
  VerifyResult,
} from '@backup-sync/contracts';
import { bytes, counted, duration, number } from '../../words/amounts.ts';
import { countNames, operations, outcomeWords, resultNames } from '../../words/operations.ts';

/** A name and its value, to be shown. */
export type Fact = { readonly name: string; readonly value: string };

/** Result of an import or a deletion. */
type ItemResult = {
  readonly outcome: SyncOutcome | null;
  readonly level: VerificationLevel | null;
  readonly time_contradiction: string | null;
};

/** The counts of an operation that runs, in the order of the server. */
export function progressFacts(progress: Operation['progress']): readonly Fact[] {
  return Object.entries(progress).map(([name, count]) => ({
    name: nameOf(name, countNames),
    value: countOf(name, count),
  }));
}

/** A count of progress: bytes as a size. */
export function countOf(name: string, count: number): string {
  return name.endsWith('_bytes') ? bytes(count) : number(count);
}

/** The result of an operation in words, by its kind. Empty if there is none. */
export function resultFacts({ kind, result }: Pick<Operation, 'kind' | 'result'>): readonly Fact[] {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return [];
  switch (kind) {
    case 'import':
    case 'delete':
      return ofItem(result as ItemResult);
    case 'verify':
      return ofVerification(result as VerifyResult);
    case 'plan':
      return ofPlan(result as BucketPlanResult);
    default:
      return ofScan(result);
  }
}

function ofItem({ outcome, level, time_contradiction: contradiction }: ItemResult): readonly Fact[] {
  return [
    ...(outcome === null ? [] : [{ name: operations.outcome, value: outcomeWords[outcome] }]),
    ...(level === null ? [] : [{ name: operations.level, value: level }]),
    ...(contradiction === null ? [] : [{ name: operations.times, value: contradiction }]),
  ];
}

function ofVerification({ expanded, ...result }: VerifyResult): readonly Fact[] {
  const { level, links, volume_bytes: size, volume_sha256: hash } = result;
  return [
    ...(level === null ? [] : [{ name: operations.level, value: level }]),
    { name: operations.links, value: number(links) },
    ...(size === null ? [] : [{ name: operations.volume, value: bytes(size) }]),
    ...(hash === null ? [] : [{ name: operations.sha256, value: hash }]),
    ...expanded.map(({ disk, expanded_sha256: value }) => ({ name: operations.expandedOf(disk), value })),
  ];
}

function ofPlan({ objects, classes, forecast }: BucketPlanResult): readonly Fact[] {
  return [
    { name: resultNames.objects ?? '', value: number(objects) },
    { name: operations.classes, value: countsInWords(classes) },
    { name: operations.forecast, value: forecastInWords(forecast) },
  ];
}

/** `12 LIST and 40 GET requests, 3.1 MiB read, in about 12 s`. */
export function forecastInWords({ lists, gets, bytes_read: size, seconds }: SyncForecast): string {
  const time = seconds === null ? operations.timeUnknown : operations.timeAbout(duration(seconds));
  return operations.forecastOf(number(lists), counted(gets, 'GET request'), bytes(size), time);
}

/** The counts of a scan; those that are 0 are left out, except the first. */
function ofScan(result: Readonly<Record<string, unknown>>): readonly Fact[] {
  return Object.entries(result).flatMap(([name, value]): Fact[] => {
    const shown = nameOf(name, resultNames);
    if (name === 'states') return [{ name: operations.states, value: countsInWords(value as Record<string, number>) }];
    if (typeof value === 'number')
      return value === 0 && name !== 'objects' ? [] : [{ name: shown, value: number(value) }];
    return value === true ? [{ name: shown, value: operations.yes }] : [];
  });
}

/** `4 new, 1 broken`. */
function countsInWords(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).map(([name, count]) => `${number(count)} ${name}`);
  return words.length === 0 ? number(0) : words.join(', ');
}

function nameOf(name: string, names: Readonly<Record<string, string>>): string {
  return names[name] ?? name.replaceAll('_', ' ');
}
