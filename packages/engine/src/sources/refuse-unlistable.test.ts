import { afterEach, expect, test, vi } from 'vitest';
import { StorageError, type StorageUnit } from '../storage/port.ts';
import { injectFault } from '../testing/faulty-storage-unit.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { openServicesOver } from '../testing/services-over.ts';
import { refuseUnlistable } from './refuse-unlistable.ts';

const bucketName = 'volumebackups';
const place = { bucketName, prefix: '' };

afterEach(() => {
  vi.useRealTimers();
});

test('names the missing permission if storage refuses to list', async () => {
  const error = new StorageError('access_denied', 'volumebackups: AccessDenied');
  const { unit } = injectFault(
    openMemoryStorageUnit(new Map([[bucketName, new Map()]])),
    { at: 'page', number: 1, error },
    1000,
  );
  await using over = await openServicesOver(unit, bucketName);
  await expect(refuseUnlistable(over.services, place)).rejects.toMatchObject({
    code: 'storage_not_readable',
    message: expect.stringContaining('volumebackups: AccessDenied'),
  });
});

test('waits 15 seconds for storage that does not answer', async () => {
  const silent: StorageUnit = {
    ...openMemoryStorageUnit(new Map([[bucketName, new Map()]])),
    async *list({ signal }) {
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    },
  };
  await using over = await openServicesOver(silent, bucketName);
  vi.useFakeTimers();
  const refusal = expect(refuseUnlistable(over.services, place)).rejects.toMatchObject({
    code: 'storage_not_readable',
    message: expect.stringContaining('within 15 seconds'),
  });
  await vi.advanceTimersByTimeAsync(15_000);
  await refusal;
  vi.useRealTimers();
});

test('requests one page, however much is stored there', async () => {
  const objects = new Map(Array.from({ length: 5 }, (_, index) => [`key-${index}`, new Uint8Array(1)]));
  const { unit, log } = injectFault(openMemoryStorageUnit(new Map([[bucketName, objects]])), null, 1);
  await using over = await openServicesOver(unit, bucketName);
  await refuseUnlistable(over.services, place);
  expect(log.pages).toBe(1);
});
