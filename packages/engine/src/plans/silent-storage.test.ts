import { afterEach, expect, test, vi } from 'vitest';
import { planSync } from '../calls/plan-sync.ts';
import type { StorageUnit } from '../storage/port.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { syncItemOf, writeSmallChain } from '../testing/small-chain.ts';

const bucketName = 'volumebackups';

afterEach(() => {
  vi.useRealTimers();
});

test('a plan is answered within a minute, before clients give up, even if storage is silent', async () => {
  const asked = Promise.withResolvers<void>();
  const silent: StorageUnit = {
    ...openMemoryStorageUnit(new Map([[bucketName, new Map()]])),
    async *list({ signal }) {
      asked.resolve();
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    },
  };
  await using over = await openServicesOver(silent, bucketName);
  const { services, projectId } = over;
  const caller = { kind: 'system', name: 'ada', projectId, role: 'operator' } as const;
  const sync = writeSmallChain('silent', 2, []).map((backup) => syncItemOf(backup, bucketName));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const plan = planSync({ services, caller, requestId: 'request-1' }, { project_id: projectId, sync });
  await asked.promise;
  vi.advanceTimersByTime(59_000);
  const [item] = (await plan).plan;
  expect(item).toMatchObject({ class: 'unreadable', reason: { message: expect.stringContaining('45 seconds') } });
});
