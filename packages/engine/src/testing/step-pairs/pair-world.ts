import { v7 as newId } from 'uuid';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import {
  importBackup,
  makeAcceptance,
  makeChain,
  makeFinish,
  makeItem,
  makeRun,
  makeSource,
  storageUnitId,
} from '../../catalogue/fixtures-for-conformance.ts';
import { makeHook, makeSighting } from '../../catalogue/hook-conformance.ts';
import type { ItemOperation, ListingFinish, NewOperation } from '../../catalogue/operation-records.ts';

/** The worker of everything that runs, and one that runs nothing. Both are nodes. */
export const worker = 'worker-1';
export const otherWorker = 'worker-2';
/** The one bucket. */
export const bucket = { storageUnitId, bucketName: 'bucket-1' };
const actor = { kind: 'user', name: 'ada' } as const;

/** The operations of the state in which pairs of steps are run. All are unfinished. */
export type PairWorld = {
  readonly projectId: string;
  /** The users, who are both administrators. */
  readonly userIds: { readonly ada: string; readonly bob: string };
  /** A source, and another that sees some of the same backups. */
  readonly sourceId: string;
  readonly otherSourceId: string;
  /** A run of the source that waits for the imports of `x` and `y`, and the newest, which lists. */
  readonly importingRunId: string;
  readonly listingRunId: string;
  /** A run of the other source that waits to be started. */
  readonly waitingRunId: string;
  /** A scan that lists and has accepted only the import of `z`, and one that waits only for the import of `w`. */
  readonly scanId: string;
  readonly importingScanId: string;
  readonly verificationId: string;
  readonly waitingVerificationId: string;
  /** A hook that has sent an event, and has another to send. */
  readonly hookId: string;
  /** Running imports by backup. */
  readonly running: Readonly<Record<string, ItemOperation>>;
  /** Waiting imports by image path. */
  readonly waiting: Readonly<Record<string, string>>;
};

/** A single operation of a kind, as a call adds it. */
export function makeSingle(
  projectId: string,
  changes: Partial<NewOperation> & Pick<NewOperation, 'id' | 'kind'>,
): NewOperation {
  return {
    projectId,
    parentOperationId: null,
    sourceId: null,
    storageUnitId,
    bucketName: 'bucket-1',
    backupId: null,
    request: { prefix: '', pathTemplate: null },
    actor,
    requestId: 'request-1',
    createdAtMs: 1_200,
    lane: null,
    ...changes,
  };
}

/**
 * Fills an empty catalogue with a state in which every step that writes has something to do, and that it shares with
 * others.
 */
export async function arrangePairs(catalogue: Catalogue): Promise<PairWorld> {
  const projectId = newId();
  const userIds = { ada: newId(), bob: newId() };
  await addIdentity(catalogue, projectId, userIds);
  await recordBackups(catalogue, projectId);
  const runs: Runs = {
    ...{ sourceId: newId(), otherSourceId: newId(), importingRunId: newId(), listingRunId: newId() },
    ...{ waitingRunId: newId(), scanId: newId(), importingScanId: newId() },
  };
  await addSources(catalogue, projectId, runs);
  const running = await startImports(catalogue, projectId, runs);
  const waiting = await acceptImports(catalogue, projectId);
  const verificationId = newId();
  const waitingVerificationId = newId();
  for (const [id, backupId] of [
    [verificationId, 'd'],
    [waitingVerificationId, 'b'],
  ] as const) {
    await catalogue.operations.addOperation(makeSingle(projectId, { id, kind: 'verify', backupId }));
  }
  await catalogue.operations.startOperation(verificationId, worker, 1_500);
  await addNodes(catalogue, verificationId);
  const hookId = newId();
  await addHook(catalogue, projectId, hookId);
  return { projectId, userIds, ...runs, running, waiting, verificationId, waitingVerificationId, hookId };
}

/** The ids of the messages of the hook: one that is being sent, and one that waits. */
export const hookMessages = { sent: 'message-1', waiting: 'message-2' };

async function addHook({ hooks }: Catalogue, projectId: string, hookId: string): Promise<void> {
  await hooks.addHook(makeHook(projectId, hookId));
  for (const [subject, messageId] of Object.entries(hookMessages)) {
    const sighting = { ...makeSighting(subject, true, 1_800), messageId };
    await hooks.noteProblems({ hookId, sightings: [sighting], cursors: null, forgetBeforeMs: null });
    if (subject === 'sent') await hooks.claimHookEvents(hookId, 1, 1_900);
  }
}

/** The parts of the running verification. */
export const plannedParts = [0, 10].map((firstObject) => ({
  ...{ backupId: 'd', firstObject, objectCount: 10, link: 0, listingDigest: 'digest-1' },
}));

/** Adds the nodes. One of them holds the first part of a verification. */
async function addNodes({ nodes, parts }: Catalogue, verificationId: string): Promise<void> {
  for (const [index, id] of [worker, otherWorker].entries()) {
    const node = { id, hostName: 'host-1', pid: index, version: '1', serves: false, works: true };
    await nodes.registerNode(node, 1_000);
  }
  const coordinator = { operationId: verificationId, epoch: 1, leaseOwner: worker };
  await parts.openParts(coordinator, plannedParts);
  await parts.claimPart({ operationId: verificationId, leaseOwner: otherWorker, at: null });
}

async function addIdentity(
  { identity, directory }: Catalogue,
  projectId: string,
  { ada, bob }: PairWorld['userIds'],
): Promise<void> {
  await identity.begin({ project: { id: projectId, name: 'default' }, nowMs: 1_000 });
  const user = { id: ada, name: 'ada', passwordHash: 'hash-1' };
  await identity.addFirstAdministrator({ user, projectId, nowMs: 1_000 });
  await directory.addUser({ id: bob, name: 'bob', passwordHash: 'hash-2', nowMs: 1_000 });
  await directory.assignRole('bob', projectId, 'administrator');
  await directory.addAccessKey({ accessKey: 'key-1', userName: 'bob', projectId, sealedSecret: 's', nowMs: 1_100 });
  for (const [tokenHash, userId, userName] of [
    ['token-1', ada, 'ada'],
    ['token-2', bob, 'bob'],
  ] as const) {
    const times = { issuedAtMs: 1_000, expiresAtMs: 9_000 };
    const token = { tokenHash, userId, userName, kind: 'user', projectId, role: 'administrator', ...times } as const;
    await identity.saveToken(token, { kind: 'operator' });
  }
}

/** Records `a`, `b` and `c`, which build on each other, `d`, and `e`, which `q` has broken. */
async function recordBackups(catalogue: Catalogue, projectId: string): Promise<void> {
  const parents = { a: null, b: 'a', c: 'b', d: null, e: 'q' };
  for (const [index, [backupId, parentBackupId]] of Object.entries(parents).entries()) {
    const resource = { resource_id: backupId === 'd' ? 'resource-2' : 'resource-1' };
    const fault = backupId === 'e' ? ({ code: 'parent_missing', detail: '' } as const) : null;
    await importBackup(catalogue, projectId, makeItem(backupId, resource), {
      record: { parentBackupId, takenAtMs: 500 + index, fault, status: fault === null ? 'available' : 'error' },
    });
  }
}

type Runs = Pick<
  PairWorld,
  'sourceId' | 'otherSourceId' | 'importingRunId' | 'listingRunId' | 'waitingRunId' | 'scanId' | 'importingScanId'
>;

async function addSources(
  { sources, sourceRuns, operations }: Catalogue,
  projectId: string,
  { sourceId, otherSourceId, importingRunId, waitingRunId, scanId, importingScanId }: Runs,
): Promise<void> {
  await sources.addSource(makeSource(projectId, sourceId, { level: 'content' }));
  await sources.addSource(makeSource(projectId, otherSourceId));
  const start = (ofSource: string, id: string) =>
    sourceRuns.startRun({
      sourceId: ofSource,
      operation: makeRun(projectId, ofSource, id),
      nextRunAtMs: 2_000,
      confirmsRemovals: false,
    });
  const see = (ofSource: string, runId: string, backups: string) =>
    sourceRuns.noteSightings(
      ofSource,
      runId,
      [...backups].map((backupId) => ({ imagePath: `chain-1/${backupId}`, backupId, importOperationId: null })),
    );
  await start(sourceId, importingRunId);
  await operations.startOperation(importingRunId, worker, 1_400);
  await see(sourceId, importingRunId, 'abcd');
  await see(otherSourceId, newId(), 'ab');
  await start(otherSourceId, waitingRunId);
  for (const id of [scanId, importingScanId]) {
    await operations.addOperation(makeSingle(projectId, { id, kind: 'scan', lane: 'mass' }));
    await operations.startOperation(id, worker, 1_400);
  }
}

/** Starts imports of new backups, and of `a`. The run of the source waits for two of them. */
async function startImports(
  { operations, sourceRuns }: Catalogue,
  projectId: string,
  { sourceId, importingRunId, listingRunId, scanId, importingScanId }: Runs,
): Promise<Readonly<Record<string, ItemOperation>>> {
  const parents: Readonly<Record<string, string>> = { x: importingRunId, z: scanId, w: importingScanId };
  for (const backupId of ['x', 'y', 'z', 'w', 'q', 'a']) {
    const parentOperationId = parents[backupId];
    const change = parentOperationId === undefined ? {} : { parentOperationId };
    await operations.accept(makeAcceptance(projectId, [makeItem(backupId)], change));
  }
  // The run wants an import that a call has asked for.
  await operations.accept(makeAcceptance(projectId, [makeItem('y')], { parentOperationId: importingRunId }));
  const started = await operations.startChain(makeChain(projectId), worker, 1_500);
  await sourceRuns.awaitImports(sourceId, importingRunId);
  for (const id of [importingRunId, importingScanId]) await operations.finishListing(makeListingFinish(id, 1_600));
  const operation = makeRun(projectId, sourceId, listingRunId);
  await sourceRuns.startRun({ sourceId, operation, nextRunAtMs: 3_000, confirmsRemovals: false });
  await operations.startOperation(listingRunId, worker, 1_700);
  return Object.fromEntries(started.map((each) => [each.backupId, each]));
}

/**
 * Accepts imports that wait: of `v` in two chains, of `u` for the import of `x`, and of `n` for a bucket that does not
 * answer.
 */
async function acceptImports({ operations, outages }: Catalogue, projectId: string) {
  const ids: Record<string, string> = {};
  const accept = async (backupId: string, chainRoot: string) => {
    const item = makeItem(backupId, { image_path: `${chainRoot}/${backupId}` });
    const { ids: accepted } = await operations.accept(makeAcceptance(projectId, [item], { chainRoot }));
    ids[item.image_path] = accepted[0] ?? '';
  };
  const start = async (chainRoot: string) => {
    const [started] = await operations.startChain(makeChain(projectId, chainRoot), worker, 1_500);
    if (started === undefined) throw new Error(`nothing was started in ${chainRoot}`);
    return started;
  };
  await accept('v', 'chain-3');
  await accept('v', 'chain-4');
  await accept('u', 'chain-5');
  const missingParent = { backupId: 'x', revision: null };
  await operations.finishImport(makeFinish(await start('chain-5'), { missingParent }));
  await accept('n', 'chain-6');
  const { id, epoch } = await start('chain-6');
  await operations.retryOperation(makeRetry(id, epoch));
  const { fault } = makeRetry(id, epoch);
  await outages.saveOutage({ ...bucket, fault, beganAtMs: 1_600, attempts: 1, notBeforeMs: 60_000 });
  return ids;
}

/** The end of the listing of a scan under its first epoch. */
export function makeListingFinish(id: string, listedAtMs: number): ListingFinish {
  const requests = { lists: 1, gets: 0, bytesRead: 0 };
  return { id, epoch: 1, message: 'listed', progress: {}, result: {}, requests, listedAtMs };
}

/** A failed attempt of an operation whose bucket did not answer. */
export function makeRetry(operationId: string, epoch: number) {
  const fault = { code: 'storage_unreachable', detail: 'no answer' } as const;
  const requests = { lists: 1, gets: 0, bytesRead: 0 };
  return { operationId, epoch, failedAtMs: 1_600, notBeforeMs: 60_000, fault, requests, progress: {} };
}
