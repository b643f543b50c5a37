import type { ReasonCode } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { StorageError, type StorageErrorCode } from '../storage/port.ts';
import { injectFault, type StorageFault } from '../testing/faulty-storage-unit.ts';
import { formatsUnderTest } from '../testing/formats-under-test.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { scanOver } from '../testing/scan-over.ts';

const bucketName = 'backups';
/** Chains of every format side by side, and backups in an unknown format that the template finds. */
const objects = formatsUnderTest.flatMap((format) => [...format.objects]);
const request = { pathTemplate: 'plan/{backup_id}' };
const found = formatsUnderTest.reduce((count, { backups }) => count + backups, 0);
/** With the one that the template finds. */
const backupCount = found + 1;
const pageEntries = 10;

/** Each fault counts the requests that the faults after it let through. */
async function scanWith(...faults: readonly StorageFault[]) {
  const storage = openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
  const counted = injectFault(storage, null, pageEntries);
  const unit = faults.reduce((behind, fault) => injectFault(behind, fault, pageEntries).unit, counted.unit);
  await using scan = await scanOver(unit, bucketName, request);
  await scan.run();
  expect(scan.faults).toEqual([]);
  const operation = await scan.show();
  if (operation === null) throw new Error('the scan is recorded');
  return { operation, log: counted.log, findings: await scan.findings() };
}

const refusal = (code: StorageErrorCode) => new StorageError(code, 'refused by the test');

describe('a scan of every format', () => {
  test('finds all backups if nothing fails', async () => {
    const { operation, log, findings } = await scanWith();
    expect(operation).toMatchObject({ status: 'success', progress: { backups_found: backupCount, problems: 0 } });
    expect(new Set(findings.map(({ format }) => format))).toEqual(
      new Set(formatsUnderTest.map(({ format }) => format)),
    );
    expect(log.pages).toBeGreaterThan(3);
  });

  test.each<[StorageErrorCode, ReasonCode]>([
    ['unreachable', 'storage_unreachable'],
    ['throttled', 'storage_throttled'],
    ['access_denied', 'access_denied'],
    ['bucket_not_found', 'bucket_not_found'],
    ['storage_wrong_region', 'storage_wrong_region'],
  ])('is not complete if the third page fails: %s', async (code, reasonCode) => {
    const { operation } = await scanWith({ at: 'page', number: 3, error: refusal(code) });
    expect(operation).toMatchObject({ status: 'failed', fault: { code: reasonCode } });
  });

  test('is complete and finds nothing in an empty listing', async () => {
    const { operation, findings } = await scanWith({ at: 'page', number: 1, empty: true });
    expect(operation).toMatchObject({ status: 'success', progress: { objects_listed: 0 } });
    expect(findings).toEqual([]);
  });

  test.each<[string, ReasonCode, (number: number) => StorageFault]>([
    ['is refused', 'access_denied', (number) => ({ at: 'read', number, error: refusal('access_denied') })],
    [
      'has a name that the store refuses',
      'storage_request_refused',
      (number) => ({ at: 'read', number, error: refusal('storage_request_refused') }),
    ],
    ['is archived', 'archived', (number) => ({ at: 'read', number, error: refusal('archived') })],
    [
      'has a customer’s key',
      'encrypted_customer_key',
      (number) => ({ at: 'read', number, error: refusal('encrypted_customer_key') }),
    ],
  ])('reports each commit mark that %s with the reason, and finds the other backups', async (_, code, fault) => {
    // The marks are read several at a time, so each number selects one of them, of any format.
    const { operation, findings } = await scanWith(fault(1), fault(4), fault(7));
    expect(operation).toMatchObject({ status: 'success', progress: { backups_found: backupCount, problems: 3 } });
    const unread = findings.filter(({ state }) => state !== 'new');
    const expected = { state: 'unreadable', sync: null, problem: { code } };
    expect(unread).toMatchObject([expected, expected, expected]);
    expect(new Set(unread.map(({ format }) => format)).size).toBeGreaterThan(1);
  });

  test.each<[string, StorageFault]>([
    ['does not come', { at: 'read', number: 4, error: refusal('unreachable') }],
    ['is throttled', { at: 'read', number: 4, error: refusal('throttled') }],
    ['is cut', { at: 'read', number: 4, cutAtByte: 30 }],
  ])('reads a commit mark that %s once more, since the outage may just have ended', async (_, fault) => {
    const { operation, findings } = await scanWith(fault);
    expect(operation).toMatchObject({ status: 'success', progress: { backups_found: backupCount, problems: 0 } });
    expect(findings.map(({ state }) => state)).toEqual(Array(backupCount).fill('new'));
  });

  test('reports a commit mark that cannot be read at the second attempt either, and finds the other backups', async () => {
    const { operation, findings } = await scanWith({ at: 'read', number: 4, objectError: refusal('unreachable') });
    expect(operation).toMatchObject({ status: 'success', progress: { backups_found: backupCount, problems: 1 } });
    expect(findings.filter(({ state }) => state !== 'new')).toMatchObject([
      { state: 'unreadable', sync: null, problem: { code: 'storage_unreachable' } },
    ]);
  });

  test('reports every commit mark that could not be read after the credentials expired', async () => {
    const { operation, findings } = await scanWith({
      at: 'read',
      number: 2,
      everythingAfter: refusal('access_denied'),
    });
    const unread = findings.filter(({ problem }) => problem?.code === 'access_denied');
    // A later page is refused as well.
    expect(operation).toMatchObject({ status: 'failed', fault: { code: 'access_denied' } });
    for (const { state, sync } of unread) expect([state, sync]).toEqual(['unreadable', null]);
  });

  test('fails with the reason if all requests are refused, and calls no backup unreadable', async () => {
    const error = refusal('storage_token_expired');
    const { operation, findings } = await scanWith({ at: 'read', number: 2, everythingAfter: error });
    expect(operation).toMatchObject({ status: 'failed', fault: { code: 'storage_token_expired' } });
    expect(findings.filter(({ state }) => state === 'unreadable')).toEqual([]);
  });

  test('reads commit marks that arrive byte by byte', async () => {
    const { operation } = await scanWith({ at: 'read', number: 1, slow: true });
    expect(operation).toMatchObject({ status: 'success', progress: { backups_found: backupCount, problems: 0 } });
  });
});

test('an error of the program while it reads one backup is logged, and the scan finds the others', async () => {
  const storage = openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
  const { unit, log } = injectFault(storage, null, pageEntries);
  let failing: string | null = null;
  await using scan = await scanOver(
    {
      ...unit,
      async get(read) {
        failing ??= read.key;
        if (read.key === failing) throw new TypeError('a mistake of this program');
        return await unit.get(read);
      },
    },
    bucketName,
    request,
  );
  await scan.run();
  const findings = await scan.findings();
  expect(findings).toHaveLength(backupCount);
  const problems = findings.filter(({ problem }) => problem !== null);
  expect(problems).toMatchObject([{ state: 'unreadable', problem: { code: 'internal' } }]);
  expect(failing).toContain(problems[0]?.image_path);
  expect(scan.faults).toEqual([new TypeError('a mistake of this program')]);
  expect(log.pages).toBeGreaterThan(3);
});
