import { createHash } from 'node:crypto';
import { type BackupSync, type ReasonCode, reaches, type SyncOutcome } from '@backup-sync/contracts';
import type {
  BackupRecord,
  Decision,
  Expansion,
  RecordedFact,
  RecordWrite,
  ReplayResult,
  VolumeHash,
} from '../catalogue/backup-records.ts';
import { isReplacedInPlace } from '../chain/place-id.ts';
import {
  type Examination,
  type Fault,
  type Form,
  isSameContent,
  isSameLocation,
  type Location,
} from '../chain/proof/link.ts';
import { isSameShared } from '../chain/shared-objects.ts';
import type { Seen } from './chain-look.ts';
import { nameBackup } from './name-backup.ts';
import { judgeTakenAt } from './taken-at.ts';

/** The subject of a decision: an item, and the present record. */
export type SyncSubject = {
  readonly item: BackupSync;
  readonly projectId: string;
  readonly location: Location;
  /** Null if there is no record. */
  readonly current: BackupRecord | null;
  /** The item comes from a caller, not from a scan or the record itself. */
  readonly isRequest: boolean;
  readonly nowMs: number;
};

/**
 * Decides what a sync does, from the present record and the result of the look. Pure.
 *
 * Every import takes these steps: `ChainLook` returns {@link Seen}, this function turns it into a {@link Decision}, and
 * the catalogue's `finishImport` writes that. A plan ends with the decision. A verification, which also reads the data,
 * starts at {@link decideExamined}, and its `recordVerdict` writes the same record and proofs.
 */
export function decideSync(subject: SyncSubject, seen: Seen): Decision {
  // No object was seen, so there is nothing to record. An existing record is not judged by one look.
  return seen.kind === 'unseen' ? decideNothing(seen.fault) : decideExamined(subject, seen.examination);
}

/** The decision to record nothing because of this fault. */
export function decideNothing(fault: Fault): Decision {
  return failed(fault, 'none');
}

/**
 * Decides what to record of an examined backup. Pure. `replayed` is what a replay gave, if it was replayed.
 *
 * A record that is proved available is never overwritten by other content: that is a conflict. A record that is broken,
 * incomplete or only present is overwritten, and so is one that only its place identifies, by a whole backup there.
 */
export function decideExamined(
  subject: SyncSubject,
  examination: Examination,
  replayed: ReplayResult | null = null,
): Decision {
  const { location, current } = subject;
  const { fault, level } = examination;
  const record = recordOf(subject, examination, replayed);
  if (examination.contradictsRequest && fault !== null) {
    if (restedOnLess(current, location, examination)) return failed(fault, 'marked', { level, record });
    // A missing backup is not judged by one look.
    return fault.code !== 'path_not_found' && isDisplaced(subject)
      ? displaced(subject.current, examination, fault)
      : failed(fault, 'none');
  }
  const facts = { level, incremental: examination.incremental, timeContradiction: record.timeContradiction };
  const proofs = examination.newProofs;
  if (fault !== null) {
    if (saysNothing(fault.code, current)) return failed(fault, 'none');
    // A broken copy elsewhere does not change the record, whether that is whole or not.
    if (current !== null && current.fault?.code !== 'vanished' && !isSameLocation(current.location, location)) {
      return failed(fault, 'none', facts);
    }
    const unchanged = current !== null && proofs.length === 0 && sameRecord(current, record);
    if (!unchanged) return failed(fault, 'marked', { ...facts, record, proofs });
    return failed(fault, 'unchanged', { ...facts, record: isKeptAs(current, record) ? null : record });
  }
  const outcome = outcomeOf(current, record, examination);
  if (outcome === 'conflict') {
    const conflict: Fault = { code: 'conflict', detail: describeConflict(current, location) };
    if (isDisplaced(subject)) return displaced(subject.current, examination, conflict);
    return failed(conflict, 'none', facts);
  }
  return {
    status: 'success',
    outcome,
    message: successMessage(outcome, current, examination),
    fault: null,
    ...facts,
    record: outcome === 'unchanged' && isKeptAs(current, record) ? null : record,
    proofs,
    ...(examination.parts !== undefined && { parts: examination.parts }),
  };
}

/**
 * Whether an earlier release recorded presence at this place although there is no backup. A backup whose content has
 * disappeared since is not judged by one look.
 */
function restedOnLess(current: BackupRecord | null, location: Location, { fault }: Examination): boolean {
  if (current === null || current.status !== 'available' || current.format !== 'unknown') return false;
  if (!isSameLocation(current.location, location)) return false;
  return fault?.code === 'path_not_a_backup' || (fault?.code === 'path_not_found' && current.listing.storedBytes === 0);
}

/**
 * Whether a fault says nothing about the backup itself: it could not be read, or changed while it was read. If an
 * object must be thawed or a key is missing, that lasts, so a backup that is not proved yet is recorded with that
 * reason.
 */
function saysNothing(code: ReasonCode, current: BackupRecord | null): boolean {
  if (code === 'access_denied' || code === 'changed_while_read') return true;
  return (code === 'archived' || code === 'encrypted_customer_key') && current !== null && isProved(current);
}

/**
 * Whether something else is stored at the place of the record, so the recorded backup is gone. If the request names
 * another resource, the request may be wrong, so this is false.
 */
function isDisplaced(subject: SyncSubject): subject is SyncSubject & { readonly current: BackupRecord } {
  const { item, current, location } = subject;
  return (
    current !== null &&
    isSameLocation(current.location, location) &&
    item.resource_id === current.resourceId &&
    item.resource_type === current.resourceType
  );
}

function describeConflict(current: BackupRecord | null, location: Location): string {
  if (current === null) return '';
  const place = `${current.location.bucketName}/${current.location.imagePath}`;
  return isSameLocation(current.location, location)
    ? `the content at ${place} is no longer what was recorded`
    : `the recorded backup at ${place} has other content`;
}

/** Marks the record as gone. It keeps its evidence, so that what is stored there now does not pass for the backup. */
function displaced(current: BackupRecord, examination: Examination, fault: Fault): Decision {
  const {
    createdAtMs: _created,
    updatedAtMs: _updated,
    revision: _revision,
    lastOperationId: _last,
    ...kept
  } = current;
  const { listing, shared, checkVersion } = examination;
  const record: RecordWrite = { ...kept, status: 'error', fault, listing, shared, checkVersion, volumeHash: null };
  const isKnown = sameRecord(current, record);
  const { timeContradiction } = current;
  return failed(fault, isKnown ? 'unchanged' : 'marked', { record: isKnown ? null : record, timeContradiction });
}

function outcomeOf(
  current: BackupRecord | null,
  next: RecordWrite,
  examination: Examination,
): SyncOutcome | 'conflict' {
  if (current === null) return 'created';
  // Without what shows the format, what is there may be the rest of the backup: it does not pass for another one.
  const isFormatGone = current.format !== 'unknown' && next.format === 'unknown';
  if (isFormatGone && isSameLocation(current.location, next.location)) return 'conflict';
  const knownContents = current.contentId !== null && next.contentId !== null;
  if (knownContents && !isSameContent(current.contentId, next.contentId)) {
    if (isProved(current) && !isNextInPlace(current, next)) return 'conflict';
    return current.status === 'error' ? 'superseded' : 'updated';
  }
  if (!isSameLocation(current.location, next.location)) {
    // If its metadata was never read, nobody knows whether it is the same backup.
    return current.contentId === null ? 'superseded' : 'moved';
  }
  if (!sameNames(current, next)) return 'updated';
  if (examination.newProofs.length > 0) return 'verified';
  if (!sameTimes(current, next)) return 'updated';
  return sameRecord(current, next) ? 'unchanged' : 'verified';
}

/** Whether a record is of the next backup at the same place, in a format that has no other id than that. */
function isNextInPlace(current: BackupRecord, next: RecordWrite): boolean {
  const { format, location } = next;
  const isSamePlace = current.format === format && isSameLocation(current.location, location);
  return isSamePlace && isReplacedInPlace(format, location.imagePath);
}

/**
 * Whether a record must not be overwritten: it is proved beyond presence, and the backup itself is not known broken.
 */
function isProved(record: BackupRecord): boolean {
  const isWhole = record.status === 'available' || record.fault?.code === 'conflict';
  return isWhole && record.level !== null && reaches(record.level, 'metadata');
}

function sameNames(one: RecordWrite, other: RecordWrite): boolean {
  return (
    one.backupName === other.backupName &&
    one.resourceId === other.resourceId &&
    one.resourceName === other.resourceName &&
    one.resourceType === other.resourceType &&
    one.protectedAtS === other.protectedAtS
  );
}

function sameTimes(one: RecordWrite, other: RecordWrite): boolean {
  return (
    one.takenAtMs === other.takenAtMs &&
    one.takenAtSource === other.takenAtSource &&
    one.timeContradiction === other.timeContradiction
  );
}

function sameRecord(one: RecordWrite, other: RecordWrite): boolean {
  return (
    sameNames(one, other) &&
    sameTimes(one, other) &&
    isSameLocation(one.location, other.location) &&
    one.status === other.status &&
    one.fault?.code === other.fault?.code &&
    one.fault?.detail === other.fault?.detail &&
    one.level === other.level &&
    isSameForm(one.form, other.form) &&
    one.checkVersion === other.checkVersion &&
    one.listing.digest === other.listing.digest &&
    one.volumeHash?.sha256 === other.volumeHash?.sha256 &&
    one.expanded?.chainDigest === other.expanded?.chainDigest &&
    JSON.stringify(one.facts) === JSON.stringify(other.facts) &&
    one.contentId === other.contentId
  );
}

function isSameForm(one: Form | null, other: Form | null): boolean {
  return one?.ceiling === other?.ceiling && one?.gaps.join() === other?.gaps.join();
}

/**
 * Whether an unchanged record can stay unchanged. If the shared objects have grown, or a request has brought the name
 * that a person has set, the record is written again, for the next comparison.
 */
function isKeptAs(current: BackupRecord | null, { shared, requestedName }: RecordWrite): boolean {
  const before = current?.shared ?? null;
  const isSame = before === null || shared === null ? before === shared : isSameShared(before, shared);
  return isSame && requestedName === (current?.requestedName ?? null);
}

function recordOf(
  { item, projectId, location, current, isRequest, nowMs }: SyncSubject,
  examination: Examination,
  replayed: ReplayResult | null,
): RecordWrite {
  const { fault } = examination;
  return {
    projectId,
    backupId: item.backup_id,
    ...nameBackup(item.backup_name, isRequest, current),
    location,
    resourceId: item.resource_id,
    resourceName: item.resource_name,
    resourceType: item.resource_type,
    protectedAtS: item.created_at,
    ...judgeTakenAt(item.created_at, examination, nowMs),
    status: fault === null ? 'available' : 'error',
    fault,
    format: examination.format,
    contentId: contentIdOf(current, examination),
    listing: examination.listing,
    shared: examination.shared,
    level: examination.level,
    form: examination.form,
    verifiedAtMs: examination.verifiedAtMs,
    checkVersion: examination.checkVersion,
    parentBackupId: examination.parentBackupId,
    incremental: examination.incremental,
    volumeBytes: examination.volumeBytes,
    volumeHash: volumeHashOf(current, examination, replayed),
    expanded: expansionOf(current, examination, replayed),
    facts: factsOf(current, examination),
  };
}

/** The id of the content, or the recorded one if that says more about the same content. */
function contentIdOf(current: BackupRecord | null, { contentId }: Examination): string | null {
  const known = current?.contentId ?? null;
  const saysMore = known !== null && contentId !== null && known.length > contentId.length;
  return saysMore && isSameContent(known, contentId) ? known : contentId;
}

/** The hash of this replay, or of an earlier one if every link of the chain is still the same. */
function volumeHashOf(
  current: BackupRecord | null,
  examination: Examination,
  replayed: ReplayResult | null,
): VolumeHash | null {
  if (examination.fault !== null) return null;
  const digest = chainDigest(examination);
  if (replayed?.kind === 'matched') return { sha256: replayed.sha256, chainDigest: digest };
  return current?.volumeHash?.chainDigest === digest ? current.volumeHash : null;
}

/**
 * What this replay expanded, or an earlier one if every link of the chain is still the same. It stays while the backup
 * is broken, because a later replay is compared with it.
 */
function expansionOf(
  current: BackupRecord | null,
  examination: Examination,
  replayed: ReplayResult | null,
): Expansion | null {
  const digest = chainDigest(examination);
  if (current?.expanded?.chainDigest === digest) return current.expanded;
  const isNew = examination.fault === null && replayed?.kind === 'expanded';
  return isNew ? { chainDigest: digest, volumes: replayed.volumes } : null;
}

/** What this verification has shown, or an earlier one. A fact is of its time, so changes since do not end it. */
function factsOf(
  current: BackupRecord | null,
  { fact, fault, contentId, verifiedAtMs }: Examination,
): readonly RecordedFact[] {
  if (fault !== null) return [];
  if (fact !== undefined) return [{ code: fact, atMs: verifiedAtMs }];
  return current !== null && isSameContent(current.contentId, contentId) ? current.facts : [];
}

const failureMessages = {
  none: 'nothing was recorded or changed',
  unchanged: 'already recorded with this reason; nothing has changed',
  marked: 'recorded with the reason',
} as const satisfies Partial<Record<SyncOutcome, string>>;

/** A decision that ends with this fault, and records only `known`. */
function failed(fault: Fault, outcome: keyof typeof failureMessages, known: Partial<Decision> = {}): Decision {
  return {
    status: fault.code === 'deadline_exceeded' ? 'timeout' : 'failed',
    outcome,
    message: failureMessages[outcome],
    fault,
    level: null,
    incremental: null,
    timeContradiction: null,
    record: null,
    proofs: [],
    ...known,
  };
}

function successMessage(outcome: SyncOutcome, current: BackupRecord | null, examination: Examination): string {
  const notes = [examination.limit, examination.remark].filter((note) => note !== null);
  const proved = `proved to ${examination.level}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
  const from = current === null ? '' : `${current.location.bucketName}/${current.location.imagePath}`;
  switch (outcome) {
    case 'created':
      return `recorded, ${proved}`;
    case 'unchanged':
      return `nothing has changed since it was ${proved}`;
    case 'updated':
      return current !== null && !isSameContent(current.contentId, examination.contentId)
        ? `the content at the image path has changed and the record was updated, ${proved}`
        : `the record now has the names and times of this request, ${proved}`;
    case 'moved':
      return `the same backup was recorded at ${from} and the record was moved, ${proved}`;
    case 'superseded':
      return `replaced a recorded backup that was not whole, ${proved}`;
    default:
      return current?.status === 'error' ? `whole again, ${proved}` : `${proved} again`;
  }
}

/** SHA-256 in hex over the listing digests of a backup and its ancestors. It changes if any link changes. */
export function chainDigest({ listing, ancestors }: Pick<Examination, 'listing' | 'ancestors'>): string {
  const digests = [listing.digest, ...ancestors.map(({ listingDigest }) => listingDigest)];
  return createHash('sha256').update(digests.join()).digest('hex');
}
