import { type PairScenario, scenario } from './pair-scenario.ts';
import { makeRetry, otherWorker, type PairWorld, plannedParts, worker } from './pair-world.ts';

/**
 * Returns at least one scenario for each step that writes nodes, parts of verifications, proved objects or settings, or
 * removes old rows.
 */
export function nodeScenarios({ projectId, verificationId, listingRunId }: PairWorld): readonly PairScenario[] {
  const node = { hostName: 'host-1', pid: 3, version: '1', serves: true, works: true };
  const beat = { jobs: 1, clockAheadMs: 0 };
  const held = { operationId: verificationId, backupId: 'd', firstObject: 0, epoch: 2 };
  const progress = { provedObjects: 1, storedBytes: 10, plainBytes: 20 };
  const requests = { lists: 0, gets: 1, bytesRead: 10 };
  const work = { progress, requests };
  const coordinator = { operationId: verificationId, epoch: 1, leaseOwner: worker };
  const claim = (what: string, leaseOwner: string) =>
    scenario('claimPart', what, { operationId: verificationId, leaseOwner, at: null });
  const bucket = { projectId, storageUnitId: 'unit', bucketName: 'bucket' };
  const keepProved = (what: string, keys: readonly string[], provedAtMs: number) => {
    const objects = keys.map((key) => ({ key, firstByte: 0, etag: what, size: 1, digest: 'd' }));
    return scenario('keepProvedObjects', what, bucket, objects, { checkVersion: '1', provedAtMs });
  };
  return [
    scenario('registerNode', '', { id: 'worker-3', ...node }, 8_000),
    scenario('beatNode', 'one', { id: worker, ...beat }, 8_001),
    scenario('beatNode', 'the other', { id: otherWorker, ...beat }, 8_002),
    scenario('removeNode', '', worker, 8_003),
    scenario('takeOverDead', 'all', 0, 8_004),
    scenario('takeOverDead', 'lost leases', 1_000_000, 8_005),
    scenario('requeueOperation', '', { ...makeRetry(listingRunId, 1), requeuedAtMs: 8_006 }),
    scenario('openParts', 'the same', coordinator, plannedParts),
    scenario('openParts', 'others', coordinator, plannedParts.slice(1)),
    claim('first', worker),
    claim('second', otherWorker),
    scenario('savePart', '', held, work),
    scenario('finishPart', '', held, work, null, null),
    scenario('finishPart', 'and claims the next', held, work, null, worker),
    scenario('givePartBack', '', held, work),
    scenario('takePartBack', '', { ...held, saves: 0 }),
    keepProved('first', ['a', 'b'], 8_007),
    keepProved('second', ['b', 'c'], 8_008),
    scenario('pruneProvedObjects', '', projectId, { beforeMs: 0, keptMax: 1 }),
    scenario('keepSetting', 'first', 'storage_unit', 'one'),
    scenario('keepSetting', 'second', 'storage_unit', 'other'),
    scenario('replaceSetting', '', 'storage_unit', 'new'),
    scenario('removeOldOperations', '', {
      ...{ projectId, operationsBeforeMs: 50_000, findingsBeforeMs: 50_000, before: null, nowMs: 60_000 },
    }),
    scenario('removeOldEvents', '', { projectId, beforeMs: 50_000 }),
    scenario('removeOldVerifications', '', { beforeMs: 50_000, after: '' }),
    scenario('removeOldAuditEvents', '', { beforeMs: 50_000, after: '' }),
    scenario('releaseFreeSpace', ''),
  ];
}
