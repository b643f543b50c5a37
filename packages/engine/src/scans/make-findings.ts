import { describeReason, type FindingState, type ScanFinding, toWireTime } from '@backup-sync/contracts';
import { itemOfRecord } from '../catalogue/item-of-record.ts';
import type { KnownBackup } from '../catalogue/known-backup.ts';
import { formats } from '../chain/formats/formats.ts';
import { isReplacedInPlace } from '../chain/place-id.ts';
import type { Fault, Location } from '../chain/proof/link.ts';
import { StorageError } from '../storage/port.ts';
import { assessPlace, type PlaceAssessment, parentAtFault } from './assess.ts';
import type { Sighting } from './compare-listing.ts';
import { type Description, describeCandidates } from './describe-candidates.ts';
import type { Candidate } from './find-candidates.ts';
import type { FindingContext } from './finding-context.ts';
import { liesAt } from './lies-at.ts';
import { findNamedFiles } from './named-files.ts';
import type { OutsideAncestors } from './outside-ancestors.ts';
import type { PlacedProblem } from './recorded-places.ts';
import { itemOf } from './sync-item.ts';

/** A finding before it is acted on, with the catalogue's record of the backup. */
export type Found = {
  readonly finding: ScanFinding;
  readonly known: KnownBackup | null;
  /** Its metadata was read for this finding. */
  readonly isDescribed: boolean;
  /**
   * False if objects of an unknown format were only compared with the record: the scan itself finds no backup in them.
   */
  readonly isRecognised: boolean;
};

/**
 * Turns sightings into findings, in their order. Asks the catalogue about all places in one query. Then reads the
 * metadata of new backups, and of changed ones if the path does not show which backup it is.
 */
export async function makeFindings(
  context: FindingContext,
  sightings: readonly Sighting[],
  outside: OutsideAncestors,
): Promise<readonly Found[]> {
  const { catalogue, projectId, bucketName, storage, trustedRoots } = context;
  const imagePaths = sightings.map(({ imagePath }) => imagePath);
  const here = await catalogue.backups.knownAtPlaces({ projectId, storageUnitId: storage.id, bucketName, imagePaths });
  const parts = here.filter(({ partOf }) => partOf !== null);
  const partsAt = Map.groupBy(parts, ({ record }) => record.location.imagePath);
  const releasedAt = ({ imagePath }: Sighting, { kind }: PlaceAssessment) =>
    kind === 'unrecorded' ? (partsAt.get(imagePath) ?? []) : [];
  const mended = await findMendedParents(context, here);
  const assessed: { sighting: Sighting; assessment: PlaceAssessment }[] = [];
  for (const sighting of sightings) {
    const place: Location = { storageUnitId: storage.id, bucketName, imagePath: sighting.imagePath };
    const assessment = assessPlace(sighting, here, place, mended, trustedRoots);
    assessed.push({ sighting, assessment: await withAncestors(assessment, outside) });
  }
  const unrecorded = assessed.filter(({ assessment }) => assessment.kind === 'unrecorded');
  const candidates = unrecorded.map(({ sighting }) => sighting.candidate).filter((each) => each !== null);
  const named = await findNamedFiles(context, candidates, await findPackages(context, parts));
  const toRead = assessed.map(toDescribe).filter((candidate) => candidate !== null);
  const unread = toRead.filter((candidate) => !named.has(candidate));
  const descriptions = await describeCandidates(context, unread);
  const descriptionOf = new Map(unread.map((candidate, index) => [candidate, descriptions[index]]));
  const elsewhere = await findElsewhere(context, descriptions);

  const found: Found[] = [];
  for (const { sighting, assessment } of assessed) {
    const { candidate } = sighting;
    const description = candidate === null ? undefined : descriptionOf.get(candidate);
    if (candidate !== null && description !== undefined && description.kind !== 'part') {
      const recordedHere = assessment.kind === 'changed' ? assessment.known : null;
      const released = releasedAt(sighting, assessment);
      // What is described has one id, but callers may have recorded it under others, too.
      for (const each of released.length === 0 ? [null] : released) {
        const known = { recordedHere, released: each, byId: elsewhere };
        found.push(...(await judge(context, candidate, description, known)));
      }
    } else if (assessment.kind !== 'unrecorded') {
      const isTold = assessment.known.record.format !== 'unknown' && !sighting.isPassedOver;
      const isRecognised = candidate !== null || isTold;
      // A backup that no scan finds is reported only if it has changed.
      if (assessment.kind === 'known' && !isRecognised) continue;
      found.push({ ...recorded(assessment.kind, assessment.known), isRecognised });
    }
  }
  return found;
}

/** Turns a known, whole backup into a changed one if any of its ancestors, wherever stored, has changed. */
async function withAncestors(assessment: PlaceAssessment, outside: OutsideAncestors): Promise<PlaceAssessment> {
  if (assessment.kind !== 'known' || assessment.known.record.status !== 'available') return assessment;
  return (await outside.areAsProved(assessment.known)) ? assessment : { ...assessment, kind: 'changed' };
}

/** The candidate if its metadata must be read, because neither a record nor the path identifies the backup. */
function toDescribe({
  sighting: { candidate },
  assessment,
}: {
  readonly sighting: Sighting;
  readonly assessment: PlaceAssessment;
}): Candidate | null {
  if (assessment.kind === 'unrecorded') return candidate;
  if (assessment.kind !== 'changed' || candidate === null) return null;
  const { backupId, format, location } = assessment.known.record;
  const isToldByPath = formats[format].backupIdOf(location.imagePath) === backupId;
  return candidate.kind === 'committed' && isToldByPath ? null : candidate;
}

/** The parents that are whole now although backups are recorded as broken by them. */
async function findMendedParents(
  { catalogue, projectId }: FindingContext,
  known: readonly KnownBackup[],
): Promise<ReadonlySet<string>> {
  const parents = known.map(parentAtFault).filter((id) => id !== null);
  const found = parents.length === 0 ? [] : await catalogue.backups.knownByIds(projectId, parents);
  const whole = found.filter(({ record, isForgotten }) => record.status === 'available' && !isForgotten);
  return new Set(whole.map(({ record }) => record.backupId));
}

/** The image paths of the recorded packages that these are part of, by image path. */
async function findPackages(
  { catalogue, projectId, bucketName, storage }: FindingContext,
  parts: readonly KnownBackup[],
): Promise<ReadonlyMap<string, string>> {
  const ids = parts.map(({ partOf }) => partOf).filter((id) => id !== null);
  const known = ids.length === 0 ? [] : await catalogue.backups.knownByIds(projectId, ids);
  const here = known.filter(
    ({ record: { location }, isForgotten }) =>
      !isForgotten && location.storageUnitId === storage.id && location.bucketName === bucketName,
  );
  const pathOf = new Map(here.map(({ record }) => [record.backupId, record.location.imagePath]));
  return new Map(
    parts.flatMap(({ partOf, record }) => {
      const folder = pathOf.get(partOf ?? '');
      return folder === undefined ? [] : [[record.location.imagePath, folder] as const];
    }),
  );
}

async function findElsewhere(
  { catalogue, projectId }: FindingContext,
  descriptions: readonly Description[],
): Promise<ReadonlyMap<string, KnownBackup>> {
  const ids = descriptions.flatMap((each) => (each.kind === 'described' ? [each.backup.backupId] : []));
  const known = ids.length === 0 ? [] : await catalogue.backups.knownByIds(projectId, ids);
  return new Map(known.map((each) => [each.record.backupId, each]));
}

/** The finding for a recorded backup that was not read. */
export function findingOfRecord(state: FindingState, { record }: KnownBackup): ScanFinding {
  return {
    state,
    format: record.format,
    bucket_name: record.location.bucketName,
    image_path: record.location.imagePath,
    sync: itemOfRecord(record),
    original_name: null,
    parent_backup_id: record.parentBackupId,
    newest_object_at: null,
    problem: record.fault === null ? null : describeReason(record.fault.code, record.fault.detail),
    operation_log_id: null,
  };
}

/** The finding for a problem of objects that several recorded backups share. */
export function findingOfShared(
  bucketName: string,
  { format, imagePath, fault: { code, detail } }: PlacedProblem,
): ScanFinding {
  return {
    ...{ state: 'changed', format, bucket_name: bucketName, image_path: imagePath },
    ...{ sync: null, original_name: null, parent_backup_id: null, newest_object_at: null },
    ...{ problem: describeReason(code, detail), operation_log_id: null },
  };
}

/** The result for a recorded backup that was not read. */
function recorded(state: FindingState, known: KnownBackup): Found {
  return { finding: findingOfRecord(state, known), known, isDescribed: false, isRecognised: true };
}

/**
 * The findings for a candidate that was read. There are two if another backup is now at the place of a recorded one:
 * the import of the recorded backup then says so.
 */
async function judge(
  context: FindingContext,
  candidate: Candidate,
  description: Exclude<Description, { readonly kind: 'part' }>,
  {
    recordedHere,
    released,
    byId,
  }: {
    readonly recordedHere: KnownBackup | null;
    /** What was part of a package here, and is no more. It is recorded again, under its id and name. */
    readonly released: KnownBackup | null;
    readonly byId: ReadonlyMap<string, KnownBackup>;
  },
): Promise<readonly Found[]> {
  const { format, imagePath } = candidate;
  const { bucketName } = context;
  const isDescribed = candidate.kind === 'committed';
  const base = { format, bucket_name: bucketName, image_path: imagePath, operation_log_id: null };
  const spoilt = (state: FindingState, fault: Fault): Found => ({
    finding: {
      ...base,
      state: recordedHere !== null && contradicts(fault, recordedHere) ? 'changed' : state,
      sync: recordedHere === null ? null : itemOfRecord(recordedHere.record),
      original_name: null,
      parent_backup_id: null,
      newest_object_at: state === 'incomplete' ? newestObjectAt(candidate) : null,
      problem: describeReason(fault.code, fault.detail),
    },
    known: recordedHere,
    isDescribed,
    isRecognised: true,
  });
  if (description.kind !== 'described') return [spoilt(description.kind, description.fault)];
  const { backup } = description;
  const described = itemOf(backup, { bucketName, imagePath });
  if ('code' in described) return [spoilt('unreadable', described)];
  const known = released ?? byId.get(backup.backupId) ?? null;
  const isHere = known !== null && known.record.backupId === recordedHere?.record.backupId;
  const state = isHere ? 'changed' : known === null ? 'new' : await stateElsewhere(context, known);
  // A recorded backup keeps its names. One that is the next at its place has its own time.
  const isAnother = isHere || (known !== null && released !== null);
  const isNext = isAnother && isReplacedInPlace(format, imagePath);
  const item =
    known === null
      ? described
      : {
          ...itemOfRecord(known.record),
          ...(released !== null && { backup_name: released.record.backupName }),
          ...(isNext && { created_at: described.created_at }),
          bucket_name: bucketName,
          image_path: imagePath,
        };
  const finding: ScanFinding = {
    ...base,
    state,
    sync: item,
    original_name: backup.originalName === described.backup_name ? null : backup.originalName,
    parent_backup_id: backup.parentBackupId,
    newest_object_at: null,
    problem: null,
  };
  const displaced = recordedHere === null || isHere ? [] : [recorded('changed', recordedHere)];
  return [...displaced, { finding, known, isDescribed, isRecognised: true }];
}

/** When the newest object of an incomplete backup was written. */
function newestObjectAt(candidate: Candidate): string | null {
  if (candidate.kind === 'unknown') return null;
  return toWireTime(candidate.kind === 'begun' ? candidate.newestAtMs : candidate.mark.modifiedAtMs);
}

/** Whether the objects here contradict a record that is available: an import then says what happened to it. */
function contradicts({ code }: Fault, { record }: KnownBackup): boolean {
  return record.status === 'available' && (code === 'incomplete' || code === 'metadata_unreadable');
}

/** The state of a backup that is recorded at another place: `moved` only if it is certainly gone from there. */
async function stateElsewhere(context: FindingContext, known: KnownBackup): Promise<FindingState> {
  if (known.partOf !== null) return 'new';
  if (known.isForgotten) return 'forgotten';
  const { location, format } = known.record;
  if (location.storageUnitId !== context.storage.id) return 'copy';
  // It is broken there, but may be whole here.
  if (known.record.status === 'error') return 'moved';
  try {
    return (await liesAt(context.storage, location, format, context.signal)) ? 'copy' : 'moved';
  } catch (error) {
    if (error instanceof StorageError) return 'copy';
    throw error;
  }
}
