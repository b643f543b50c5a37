import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { StorageUnit } from '../storage/port.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';
import { acceptImports } from './accept-imports.ts';

const bucketName = 'volumebackups';
const dayMs = 24 * 60 * 60 * 1000;
/** The time left for the older import when it starts. Milliseconds. */
const leftMs = 50;

test('an import times out a day after acceptance; a later one of its chain keeps its own deadline', async () => {
  const chain = writeSmallChain('import-deadline', 4, [[1]]);
  const objects = new Map(chain.flatMap(({ objects }) => [...objects]));
  const whole = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  let hangs = true;
  const hangUntilAborted = async (signal: AbortSignal | undefined) => {
    try {
      await setTimeout(60_000, undefined, { signal });
    } finally {
      hangs = false;
      over.clock.timeMs += leftMs;
    }
  };
  const unit: StorageUnit = {
    ...whole,
    async *list(request) {
      if (hangs) await hangUntilAborted(request.signal);
      yield* whole.list(request);
    },
  };
  await using over = await openServicesOver(unit, bucketName);
  const { services, projectId, clock } = over;
  const actor = { kind: 'system', name: 'ada' } as const;
  const origin = { projectId, actor, requestId: 'r', parentOperationId: null, withAncestors: false, lane: null };
  const accept = async (index: number) => {
    const backup = chain[index];
    if (backup === undefined) throw new Error('the chain has two links');
    const items = [{ item: syncItemOf(backup, bucketName), proofsNotBeforeMs: null }];
    const [accepted] = await acceptImports(services, items, origin);
    if (accepted === undefined) throw new Error('one item was accepted');
    return accepted;
  };
  const statusOf = async (id: string) => (await services.catalogue.operations.showOperation(projectId, id))?.status;

  const older = await accept(0);
  clock.timeMs += dayMs - leftMs;
  const newer = await accept(1);
  await over.workOnAll();
  expect(await statusOf(older.id)).toBe('timeout');
  expect(await statusOf(newer.id)).toBe('success');
});
