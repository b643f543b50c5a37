import type { Kysely, Selectable } from 'kysely';
import type { Fault } from '../../chain/proof/link.ts';
import type { RequestCount } from '../../storage/counted-storage-unit.ts';
import { differencesOf } from '../differences.ts';
import type {
  HeldPart,
  PartFinished,
  PartKey,
  PartProgress,
  PartWork,
  PlannedPart,
  VerificationPart,
} from '../part-records.ts';
import type { OperationRow, Schema, VerificationPartRow } from '../schema.ts';
import { chunks } from './chunk.ts';
import { addedTo } from './make-wait.ts';

/** A verification that runs, and the worker that coordinates it. */
type Coordinator = { readonly operationId: string; readonly epoch: number; readonly leaseOwner: string };

/** Sets the parts of a verification. */
export async function openParts(
  database: Kysely<Schema>,
  { operationId, epoch, leaseOwner }: Coordinator,
  planned: readonly PlannedPart[],
): Promise<boolean> {
  const operation = await keepOperation(database, operationId);
  if (operation?.status !== 'running' || operation.epoch !== epoch) return false;
  const rows = await partsOf(database, operationId).execute();
  // New parts begin above all epochs, so that the former holder of a part with the same key cannot finish the new one.
  const newEpoch = Math.max(0, ...rows.map((row) => row.epoch)) + 1;
  const before = new Map(rows.map((row) => [keyOf(row.backup_id, row.first_object), row]));
  const added: PlannedPart[] = [];
  for (const part of planned) {
    const key = keyOf(part.backupId, part.firstObject);
    const row = before.get(key);
    if (row?.listing_digest !== part.listingDigest || row.object_count !== part.objectCount) {
      added.push(part);
      continue;
    }
    before.delete(key);
    const isOpened = row.fault_code !== null || row.lease_owner === leaseOwner;
    if (!isOpened && row.link === part.link) continue;
    await onePart(database, { operationId, ...part })
      .set({ link: part.link, ...(isOpened && opened) })
      .execute();
  }
  for (const { backup_id, first_object } of before.values()) {
    await database
      .deleteFrom('verification_parts')
      .where('operation_id', '=', operationId)
      .where('backup_id', '=', backup_id)
      .where('first_object', '=', first_object)
      .execute();
  }
  for (const some of chunks(added)) {
    await database
      .insertInto('verification_parts')
      .values(some.map((part) => newRow(operationId, part, newEpoch)))
      .execute();
  }
  return true;
}

/** Lists the parts of an operation. */
export async function listParts(
  database: Kysely<Schema>,
  operationId: string,
  { from, count }: LinksOfParts,
): Promise<readonly VerificationPart[]> {
  const parts = partsOf(database, operationId).where('link', '>=', from);
  const rows = await (count === null ? parts : parts.where('link', '<', from + count)).execute();
  return rows.map(rowToPart);
}

/** The links whose parts are wanted. */
type LinksOfParts = {
  /** Position of the first link in the chain. */
  readonly from: number;
  /** Number of links; null means all. */
  readonly count: number | null;
};

/** Gives an open part to a worker. */
export async function claimPart(
  database: Kysely<Schema>,
  { operationId, leaseOwner, at }: ClaimOfPart,
): Promise<VerificationPart | null> {
  if (!isWanted(await keepOperation(database, operationId))) return null;
  const parts = partsOf(database, operationId).limit(1);
  const open = parts.where('state', '=', 'open');
  const wanted =
    at === null ? open : open.where('backup_id', '=', at.backupId).where('first_object', '=', at.firstObject);
  const row = await wanted.executeTakeFirst();
  if (row === undefined) return null;
  const broken = await parts.where('fault_code', 'is not', null).executeTakeFirst();
  if (broken !== undefined && isBefore(broken, row)) return null;
  const claimed = await onePart(database, rowToPart(row))
    .set((eb) => ({ state: 'held', lease_owner: leaseOwner, epoch: eb('epoch', '+', 1) }))
    .returningAll()
    .executeTakeFirstOrThrow();
  return rowToPart(claimed);
}

/** A worker that wants a part. */
type ClaimOfPart = {
  readonly operationId: string;
  readonly leaseOwner: string;
  /** The only part that it wants; null if it takes the first. */
  readonly at: Omit<PartKey, 'operationId'> | null;
};

/** Stores the progress of a part. */
export async function savePart(database: Kysely<Schema>, part: HeldPart, work: PartWork): Promise<boolean> {
  const operation = await keepOperation(database, part.operationId);
  await addRequests(database, part.operationId, work.requests);
  const saved = await heldPart(database, part)
    .set((eb) => ({ ...progressToColumns(work.progress), saves: eb('saves', '+', 1) }))
    .executeTakeFirstOrThrow();
  return saved.numUpdatedRows > 0n && isWanted(operation);
}

/** Ends a part. */
export async function finishPart(
  database: Kysely<Schema>,
  part: HeldPart,
  work: PartWork,
  fault: Fault | null,
  nextFor: string | null,
): Promise<PartFinished> {
  await keepOperation(database, part.operationId);
  await addRequests(database, part.operationId, work.requests);
  const { numUpdatedRows } = await heldPart(database, part)
    .set({
      ...progressToColumns(work.progress),
      state: 'done',
      lease_owner: null,
      fault_code: fault?.code ?? null,
      fault_detail: fault?.detail ?? '',
    })
    .executeTakeFirstOrThrow();
  const { operationId } = part;
  const next = nextFor === null ? null : await claimPart(database, { operationId, leaseOwner: nextFor, at: null });
  return { isFinished: numUpdatedRows > 0n, next };
}

/** Stores the progress of a part and makes it open. */
export async function givePartBack(database: Kysely<Schema>, part: HeldPart, work: PartWork): Promise<void> {
  await addRequests(database, part.operationId, work.requests);
  await heldPart(database, part)
    .set({ ...progressToColumns(work.progress), ...opened })
    .execute();
}

/** Makes a part open whose holder seems to be dead. */
export async function takePartBack(
  database: Kysely<Schema>,
  part: HeldPart & Pick<VerificationPart, 'saves'>,
): Promise<void> {
  await heldPart(database, part).where('saves', '=', part.saves).set(opened).execute();
}

/** Makes the parts of a worker open, because it died or stops; with null those of all workers. */
export async function releaseParts(database: Kysely<Schema>, leaseOwner: string | null): Promise<void> {
  const release = database.updateTable('verification_parts').set(opened);
  await (leaseOwner === null
    ? release.where('lease_owner', 'is not', null)
    : release.where('lease_owner', '=', leaseOwner)
  ).execute();
}

/** Opens the parts whose lease belongs to no node. */
export async function releaseLostParts(database: Kysely<Schema>): Promise<void> {
  await database
    .updateTable('verification_parts')
    .set(opened)
    .where('lease_owner', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('nodes').select('nodes.id').whereRef('nodes.id', '=', 'verification_parts.lease_owner'))),
    )
    .execute();
}

/** Deletes the parts of operations that have ended. */
export async function deleteParts(database: Kysely<Schema>, operationIds: readonly string[]): Promise<void> {
  await database.deleteFrom('verification_parts').where('operation_id', 'in', operationIds).execute();
}

const opened = { state: 'open', lease_owner: null, fault_code: null, fault_detail: '' } as const;

function partsOf(database: Kysely<Schema>, operationId: string) {
  return database
    .selectFrom('verification_parts')
    .where('operation_id', '=', operationId)
    .selectAll()
    .orderBy('link')
    .orderBy('first_object');
}

function onePart(database: Kysely<Schema>, { operationId, backupId, firstObject }: PartKey) {
  return database
    .updateTable('verification_parts')
    .where('operation_id', '=', operationId)
    .where('backup_id', '=', backupId)
    .where('first_object', '=', firstObject);
}

function heldPart(database: Kysely<Schema>, part: HeldPart) {
  return onePart(database, part).where('state', '=', 'held').where('epoch', '=', part.epoch);
}

/** Returns what matters of an operation, and keeps it from ending until the step ends. */
async function keepOperation(database: Kysely<Schema>, operationId: string) {
  return await differencesOf(database)
    .keepRows(
      database
        .selectFrom('operations')
        .where('id', '=', operationId)
        .select(['status', 'epoch', 'ended_at_ms', 'cancel_requested_at_ms']),
    )
    .executeTakeFirst();
}

/** Whether the parts of an operation are still to be read. */
function isWanted(
  operation: Pick<Selectable<OperationRow>, 'ended_at_ms' | 'cancel_requested_at_ms'> | undefined,
): boolean {
  return operation?.ended_at_ms === null && operation.cancel_requested_at_ms === null;
}

/** Adds the requests of a worker to the cost of the operation. */
async function addRequests(database: Kysely<Schema>, operationId: string, requests: RequestCount): Promise<void> {
  if (requests.lists + requests.gets + requests.bytesRead === 0) return;
  await database
    .updateTable('operations')
    .set((eb) => addedTo(eb, requests))
    .where('id', '=', operationId)
    .where('ended_at_ms', 'is', null)
    .execute();
}

type Place = Pick<VerificationPartRow, 'link' | 'first_object'>;

function isBefore(one: Place, other: Place): boolean {
  return one.link < other.link || (one.link === other.link && one.first_object < other.first_object);
}

function keyOf(backupId: string, firstObject: number): string {
  return JSON.stringify([backupId, firstObject]);
}

function newRow(operationId: string, part: PlannedPart, epoch: number): VerificationPartRow {
  return {
    operation_id: operationId,
    backup_id: part.backupId,
    first_object: part.firstObject,
    object_count: part.objectCount,
    link: part.link,
    listing_digest: part.listingDigest,
    epoch,
    saves: 0,
    ...progressToColumns({ provedObjects: part.firstObject, storedBytes: 0, plainBytes: 0 }),
    ...opened,
  };
}

function progressToColumns({ provedObjects, storedBytes, plainBytes }: PartProgress) {
  return { proved_objects: provedObjects, stored_bytes: storedBytes, plain_bytes: plainBytes };
}

function rowToPart(row: Selectable<VerificationPartRow>): VerificationPart {
  return {
    operationId: row.operation_id,
    backupId: row.backup_id,
    firstObject: row.first_object,
    objectCount: row.object_count,
    link: row.link,
    listingDigest: row.listing_digest,
    state: row.state,
    leaseOwner: row.lease_owner,
    epoch: row.epoch,
    saves: row.saves,
    progress: { provedObjects: row.proved_objects, storedBytes: row.stored_bytes, plainBytes: row.plain_bytes },
    fault: row.fault_code === null ? null : { code: row.fault_code, detail: row.fault_detail },
  };
}
