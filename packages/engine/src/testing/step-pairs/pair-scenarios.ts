import { v7 as newId } from 'uuid';
import {
  makeAcceptance,
  makeChain,
  makeFinish,
  makeItem,
  makeProof,
  makeRecord,
  makeRun,
  makeSource,
  storageUnitId,
} from '../../catalogue/fixtures-for-conformance.ts';
import type { ImportFinish, ItemOperation } from '../../catalogue/operation-records.ts';
import { operationLivesMs } from '../../deadline.ts';
import { hookScenarios } from './hook-scenarios.ts';
import { identityScenarios } from './identity-scenarios.ts';
import { nodeScenarios } from './node-scenarios.ts';
import { type PairScenario, scenario } from './pair-scenario.ts';
import { bucket, makeListingFinish, makeRetry, makeSingle, type PairWorld, worker } from './pair-world.ts';

/** Returns at least one scenario for each step that writes. */
export function pairScenarios(world: PairWorld): readonly PairScenario[] {
  return [
    ...operationScenarios(world),
    ...backupScenarios(world),
    ...sourceScenarios(world),
    ...identityScenarios(world),
    ...nodeScenarios(world),
    ...hookScenarios(world),
  ];
}

function running(world: PairWorld, backupId: string): ItemOperation {
  const operation = world.running[backupId];
  if (operation === undefined) throw new Error(`no import of ${backupId} is running`);
  return operation;
}

function finish(world: PairWorld, backupId: string, changes: Partial<ImportFinish> = {}): ImportFinish {
  return makeFinish(running(world, backupId), changes);
}

/** The end of the import of `a`, which is recorded already, with a fault that spreads to `b` and `c`. */
function finishBroken(world: PairWorld): ImportFinish {
  const fault = { code: 'object_missing', detail: 'gone' } as const;
  const operation = running(world, 'a');
  const record = makeRecord(operation, { status: 'error', fault, level: null, takenAtMs: 500 });
  return makeFinish(operation, { status: 'failed', fault, record, decidedOnRevision: 1, endedAtMs: 3_100 });
}

function operationScenarios(world: PairWorld): readonly PairScenario[] {
  const { projectId, importingRunId, listingRunId, waitingRunId, scanId, verificationId, waitingVerificationId } =
    world;
  const accept = (what: string, backupIds: string, acceptedAtMs: number, changes = {}) =>
    scenario(
      'accept',
      what,
      makeAcceptance(
        projectId,
        [...backupIds].map((id) => makeItem(id)),
        { acceptedAtMs, ...changes },
      ),
    );
  const verification = (id = newId()) =>
    makeSingle(projectId, { id, kind: 'verify', backupId: 'b', request: { level: 'content' } });
  const finished = {
    message: 'done',
    fault: null,
    progress: {},
    result: {},
    status: 'success',
    endedAtMs: 4_000,
  } as const;
  const requests = { lists: 1, gets: 0, bytesRead: 0 };
  const cancel = (what: string, id: string, atMs: number) => scenario('cancelOperation', what, projectId, id, atMs);
  return [
    accept('new backups', 'mb', 2_000),
    accept('the same backups in another order', 'bm', 2_001),
    accept('imports in flight, for a run', 'xyz', 2_002, {
      parentOperationId: world.listingRunId,
      lane: 'interactive',
    }),
    accept('an import in flight, by a person', 'qv', 2_003, { lane: null }),
    scenario('addOperation', '', verification()),
    scenario('joinOperation', 'first', verification(), { level: 'content' }),
    scenario('joinOperation', 'second', verification(), { level: 'content' }),
    scenario('startChain', 'one chain of a backup', makeChain(projectId, 'chain-3'), worker, 2_100),
    scenario('startChain', 'the other chain of it', makeChain(projectId, 'chain-4'), 'worker-2', 2_101),
    scenario('startChain', 'a chain that waits', makeChain(projectId, 'chain-5'), 'worker-2', 2_102),
    scenario('startChain', 'what runs already', makeChain(projectId), worker, 2_103),
    scenario('startChildren', '', makeChain(projectId), importingRunId, 'worker-2', 2_104),
    scenario('startOperation', 'a run', waitingRunId, worker, 2_105),
    scenario('startOperation', 'a verification', waitingVerificationId, 'worker-2', 2_106),
    scenario('saveProgress', '', listingRunId, 1, { objects: 3 }, 2_107),
    scenario('addFindings', '', listingRunId, 1, [{ sequence: 1, finding: 'found' }]),
    scenario('retryOperation', 'an import', makeRetry(running(world, 'x').id, running(world, 'x').epoch)),
    scenario('retryOperation', 'a run', makeRetry(listingRunId, 1)),
    scenario('finishImport', 'of a run', finish(world, 'x')),
    scenario('finishImport', 'joined by a run', finish(world, 'y', { endedAtMs: 3_001 })),
    scenario('finishImport', 'the last of a scan', finish(world, 'w', { endedAtMs: 3_004 })),
    scenario('finishImport', 'the only one of a scan that lists', finish(world, 'z', { endedAtMs: 3_002 })),
    scenario('finishImport', 'a parent that mends', finish(world, 'q', { endedAtMs: 3_003 })),
    scenario('finishImport', 'a fault that spreads', finishBroken(world)),
    scenario('finishImport', 'a package with c', finish(world, 'y', { parts: [makeItem('c').image_path] })),
    scenario('finishImport', 'a package that waits for x', finish(world, 'y', { parts: [makeItem('x').image_path] })),
    scenario('finishImport', 'waits for x', finish(world, 'y', { missingParent: { backupId: 'x', revision: null } })),
    scenario('finishImport', 'waits for q', finish(world, 'x', { missingParent: { backupId: 'q', revision: null } })),
    scenario('finishImport', 'q waits for x', finish(world, 'q', { missingParent: { backupId: 'x', revision: null } })),
    scenario('finishImports', 'a fault that spreads, and of a run', projectId, [
      finishBroken(world),
      finish(world, 'x', { endedAtMs: 3_101 }),
    ]),
    scenario('finishImports', 'joined by a run, and waits for q', projectId, [
      finish(world, 'y', { endedAtMs: 3_102 }),
      finish(world, 'x', { endedAtMs: 3_102, missingParent: { backupId: 'q', revision: null } }),
    ]),
    scenario('finishOperation', 'a verification', { id: verificationId, epoch: 1, requests, ...finished }),
    scenario('finishOperation', 'a run', { id: listingRunId, epoch: 1, requests, ...finished, status: 'failed' }),
    scenario('finishListing', 'a scan', makeListingFinish(scanId, 3_200)),
    scenario('finishListing', 'a run', makeListingFinish(listingRunId, 3_201)),
    scenario('endOverdueRuns', '', 2_000 + operationLivesMs),
    scenario('endOverdueWaits', '', {
      ...bucket,
      ...{ acceptedByMs: 2_000, endedAtMs: 3_300, limit: 100 },
      fault: { code: 'storage_unreachable', detail: 'no answer' },
    }),
    cancel('a running import', running(world, 'x').id, 3_400),
    cancel('a waiting import', world.waiting['chain-3/v'] ?? '', 3_401),
    cancel('an import that waits', world.waiting['chain-5/u'] ?? '', 3_402),
    cancel('a run that imports', importingRunId, 3_403),
    cancel('a scan that imports', world.importingScanId, 3_407),
    cancel('a run that lists', listingRunId, 3_404),
    cancel('a scan', scanId, 3_405),
    cancel('a run that waits', waitingRunId, 3_406),
    scenario('releaseOperations', '', worker, 3_500),
    scenario('saveOutage', '', {
      ...bucket,
      ...makeRetry('', 1),
      fault: { code: 'storage_throttled', detail: '' },
      beganAtMs: 1_601,
      attempts: 2,
      notBeforeMs: 70_000,
    }),
    scenario('endOutage', '', storageUnitId, bucket.bucketName),
    scenario('followClock', 'forward', { steppedMs: 10_000, nowMs: 20_000 }),
    scenario('followClock', 'back', { steppedMs: -500, nowMs: 1_000 }),
  ];
}

function backupScenarios({ projectId, verificationId }: PairWorld): readonly PairScenario[] {
  const actor = { kind: 'user', name: 'ada' } as const;
  const remove = (backupId: string, deletedAtMs: number) =>
    scenario('deleteBackup', backupId, {
      operationId: newId(),
      projectId,
      backupId,
      actor,
      requestId: 'r',
      deletedAtMs,
    });
  const proof = makeProof('c', { fault: { code: 'object_missing', detail: 'gone' } });
  return [
    remove('c', 5_000),
    remove('d', 5_001),
    remove('x', 5_002),
    scenario('renameBackup', 'c', { projectId, backupId: 'c', name: 'renamed', renamedAtMs: 5_100 }),
    scenario('recordVerdict', 'd, and breaks c', {
      ...{ operationId: verificationId, projectId, backupId: 'd', endedAtMs: 5_200, decidedOnRevision: 1 },
      ...{ record: null, proofs: [proof] },
    }),
    scenario('retireResource', 'retires', projectId, 'resource-1', 5_300),
    scenario('retireResource', 'ends it', projectId, 'resource-1', null),
    scenario('beginExtraction', '', projectId, 'c'),
    scenario('appendAuditEvent', '', {
      ...{
        id: newId(),
        atMs: 5_400,
        projectId,
        actor,
        operation: 'sync',
        subjects: [{ field: 'backup_id', value: 'a' }],
      },
      ...{ door: 'rest', address: null, requestId: 'r', outcome: 'refused', errorCode: null },
    }),
    scenario('touch', ''),
  ];
}

function sourceScenarios({
  projectId,
  sourceId,
  otherSourceId,
  importingRunId,
  listingRunId,
}: PairWorld): readonly PairScenario[] {
  const see = (ofSource: string, what: string, backups: string) =>
    scenario(
      'noteSightings',
      what,
      ofSource,
      listingRunId,
      [...backups].map((backupId) => ({ imagePath: `chain-1/${backupId}`, backupId, importOperationId: null })),
    );
  const members = ['b', 'c', 'd'].map((backupId) => ({ backupId, imagePath: `chain-1/${backupId}` }));
  const changes = {
    level: 'linkage',
    intervalS: 120,
    reverifyAfterS: null,
    incompleteAfterS: 60,
    nextRunAtMs: 9_000,
  } as const;
  const start = (what: string, ofSource: string) =>
    scenario('startRun', what, {
      sourceId: ofSource,
      operation: makeRun(projectId, ofSource, newId()),
      nextRunAtMs: 8_000,
      confirmsRemovals: false,
    });
  return [
    scenario('addSource', 'first', makeSource(projectId, newId(), { name: 'new' })),
    scenario('addSource', 'second', makeSource(projectId, newId(), { name: 'new' })),
    scenario('pauseSource', '', projectId, sourceId, 6_000),
    scenario('resumeSource', '', projectId, sourceId, 6_001),
    scenario('updateSource', 'a narrower prefix', projectId, sourceId, {
      prefix: 'chain-1/c',
      updatedAtMs: 6_002,
      ...changes,
    }),
    scenario('updateSource', 'the same prefix', projectId, sourceId, { prefix: '', updatedAtMs: 6_003, ...changes }),
    scenario('removeSource', 'with a run that lists', projectId, sourceId, 6_004),
    scenario('removeSource', 'with a run that waits', projectId, otherSourceId, 6_005),
    start('joins a run', sourceId),
    start('of the other source', otherSourceId),
    see(sourceId, 'of the source', 'abx'),
    see(otherSourceId, 'of the other source', 'cdx'),
    scenario('closeListing', '', sourceId, listingRunId, ['c']),
    scenario('hold', '', sourceId, listingRunId, 'too_many', 6_100),
    scenario('release', '', sourceId),
    scenario('markVanished', '', {
      sourceId,
      runId: listingRunId,
      unchangedSinceMs: 9_000,
      markedAtMs: 6_200,
      members,
    }),
    scenario('keepMembers', '', sourceId, ['chain-1/c', 'chain-1/d']),
    scenario('awaitImports', '', sourceId, listingRunId),
    scenario('startVerifications', 'first', { runId: importingRunId, ids: [newId(), newId()], createdAtMs: 6_300 }),
    scenario('startVerifications', 'second', { runId: listingRunId, ids: [newId(), newId()], createdAtMs: 6_301 }),
  ];
}
