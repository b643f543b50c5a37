import type { PathTemplate } from '@backup-sync/contracts';
import type { RecordedBackup } from '../catalogue/known-backup.ts';
import type { KnownFormat } from '../chain/formats/formats.ts';
import type { Likeness } from '../chain/listing-comparison.ts';
import { compareKeys } from '../storage/key-order.ts';
import type { ObjectEntry } from '../storage/port.ts';
import { type Candidate, findCandidates } from './find-candidates.ts';
import type { FindingContext } from './finding-context.ts';
import { isPassedOver } from './passed-over.ts';
import { type PassedPlace, type PlacedProblem, RecordedPlaces } from './recorded-places.ts';

/** Recorded backups read from the catalogue at a time. */
const recordedAtOnce = 1000;

/** An image path where the listing shows a backup, or objects of a recorded backup. */
export type Sighting = {
  readonly imagePath: string;
  /** Null if the objects alone do not identify a backup. */
  readonly candidate: Candidate | null;
  /** It is in an ignored snapshot folder: records there are compared, but no backup is found. */
  readonly isPassedOver: boolean;
  /** Comparison of the listing with each record of this place, by backup id. Empty if there is no record. */
  readonly likeness: ReadonlyMap<string, Likeness>;
};

/** The result of one page of a listing. */
export type ComparedPage = {
  readonly objects: number;
  /** See `CandidatePage`. */
  readonly passedOver: number;
  readonly minioFiles: number;
  readonly sightings: readonly Sighting[];
  /** Image paths with a record but no listed object. */
  readonly absent: readonly string[];
  /** Problems that concern no single backup. */
  readonly shared: readonly PlacedProblem[];
};

const nothing: ReadonlyMap<string, Likeness> = new Map();
const noObjects = { objects: 0, passedOver: 0, minioFiles: 0 };

/**
 * Lists a prefix once, finds the backups in it, and compares all records below it with the listing. Keeps one page of
 * the listing in memory, and the backups that are open at its end. Throws storage errors.
 */
export async function* compareListing(
  context: FindingContext,
  wanted: {
    readonly prefix: string;
    readonly formats: readonly KnownFormat[] | null;
    readonly template: PathTemplate | null;
  },
): AsyncGenerator<ComparedPage> {
  const { storage, bucketName, signal } = context;
  const recorded = new RecordedPlaces(context, wanted.prefix, recordedBelow(context, wanted));
  const isRecorded = (imagePath: string) => recorded.has(imagePath);
  /** Candidates at image paths that the listing has not passed yet. */
  const found = new Map<string, Candidate>();

  for await (const { candidates, ...counts } of findCandidates(compared(), wanted, isRecorded)) {
    const sightings: Sighting[] = [];
    for (const candidate of candidates) {
      if (isRecorded(candidate.imagePath)) found.set(candidate.imagePath, candidate);
      else sightings.push({ imagePath: candidate.imagePath, candidate, isPassedOver: false, likeness: nothing });
    }
    yield { ...counts, ...pageOf(recorded.takePassed(), sightings) };
  }
  let passed: PassedPlace[] = [];
  for await (const place of recorded.rest()) {
    passed.push(place);
    if (passed.length < recordedAtOnce) continue;
    yield { ...noObjects, ...pageOf(passed, []) };
    passed = [];
  }
  yield { ...noObjects, ...pageOf(passed, []) };

  async function* compared(): AsyncGenerator<readonly ObjectEntry[]> {
    for await (const page of storage.list({ bucket: bucketName, prefix: wanted.prefix, signal })) {
      await recorded.pass(page);
      yield page;
    }
  }

  function pageOf(
    places: readonly PassedPlace[],
    sightings: Sighting[],
  ): Pick<ComparedPage, 'sightings' | 'absent' | 'shared'> {
    const absent: string[] = [];
    for (const { imagePath, likeness } of places) {
      const candidate = found.get(imagePath) ?? null;
      found.delete(imagePath);
      const isListed = candidate !== null || [...likeness.values()].some((each) => each !== 'absent');
      const isSkipped = isPassedOver(imagePath, wanted.prefix);
      if (isListed) sightings.push({ imagePath, candidate, isPassedOver: isSkipped, likeness });
      else if (!isSkipped) absent.push(imagePath);
    }
    sightings.sort((one, other) => compareKeys(one.imagePath, other.imagePath));
    return { sightings, absent, shared: recorded.takeProblems() };
  }
}

/** Yields the recorded backups below the prefix in the wanted formats. */
async function* recordedBelow(
  { catalogue, projectId, bucketName, storage }: FindingContext,
  { prefix, formats, template }: Parameters<typeof compareListing>[1],
): AsyncGenerator<RecordedBackup> {
  const isWanted = ({ format }: RecordedBackup) =>
    formats === null || (format === 'unknown' ? template !== null : formats.includes(format));
  const below = { projectId, storageUnitId: storage.id, bucketName, prefix, limit: recordedAtOnce };
  let after = '';
  while (true) {
    const { backups, isLast } = await catalogue.backups.recordedBelow({ ...below, after });
    yield* backups.filter(isWanted);
    if (isLast) return;
    after = backups.at(-1)?.imagePath ?? after;
  }
}
