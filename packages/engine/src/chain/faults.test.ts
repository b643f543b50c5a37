import type { ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideExamined } from '../imports/decide-sync.ts';
import { BucketBudget } from '../storage/bucket-budget.ts';
import { budgetRequests } from '../storage/budgeted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../storage/filesystem/filesystem-storage-unit.ts';
import { StorageError, type StorageErrorCode, type StorageUnit } from '../storage/port.ts';
import { chainContext } from '../testing/chain-context.ts';
import { type FaultLog, injectFault, type StorageFault } from '../testing/faulty-storage-unit.ts';
import { type FormatUnderTest, formatsUnderTest } from '../testing/formats-under-test.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';
import { VirtualTime } from '../testing/virtual-time.ts';
import { openChain } from './examiner.ts';

const bucketName = 'backups';
/** So few that even a small chain's listing has several pages. */
const pageEntries = 4;

type Outcome =
  | { readonly kind: 'thrown'; readonly error: unknown }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'seen'; readonly level: VerificationLevel | null; readonly code: ReasonCode | null };

type Run = { readonly outcome: Outcome; readonly log: FaultLog; readonly waitedMs: number };

/** Examines the chain on a storage unit with this fault, in virtual time. Examinations that hang are stopped. */
async function examineWith({ item }: FormatUnderTest, storage: StorageUnit, fault: StorageFault | null): Promise<Run> {
  const time = new VirtualTime();
  const { unit: faulty, log } = injectFault(storage, fault, pageEntries);
  const limits = { requestsPerSecond: 1_000_000, requestsInFlight: 1 };
  const unit = budgetRequests(faulty, () => new BucketBudget(limits, time.clock, time.sleep));
  const stopping = new AbortController();
  if (fault !== null && 'hangAtByte' in fault) void time.sleep(60_000, undefined).then(() => stopping.abort(stopped));
  const examine = async (): Promise<Outcome> => {
    try {
      const chain = await openChain(chainContext(unit, bucketName, [item.image_path], { signal: stopping.signal }));
      const examination = await chain.examine(item);
      if (examination === null) return { kind: 'nothing' };
      // Whatever the fault: no record may call something "available" that was not proved.
      if (examination.fault !== null) {
        const location = { storageUnitId: unit.id, bucketName, imagePath: item.image_path };
        const subject = {
          item,
          projectId: 'project',
          location,
          current: null,
          isRequest: true,
          nowMs: time.clock.nowMs(),
        };
        const { status, record } = decideExamined(subject, examination);
        expect([status, record?.status ?? 'error']).toEqual(['failed', 'error']);
      }
      return { kind: 'seen', level: examination.level, code: examination.fault?.code ?? null };
    } catch (error) {
      return { kind: 'thrown', error };
    }
  };
  const outcome = await time.until(examine());
  return { outcome, log, waitedMs: time.clock.nowMs() };
}

const stopped = new Error('stopped by the test');
const refusal = (code: StorageErrorCode, retryAfterMs: number | null = null) =>
  new StorageError(code, 'refused by the test', { retryAfterMs });

type Row = {
  readonly name: string;
  readonly at: StorageFault['at'];
  readonly fault: (number: number) => StorageFault;
  readonly expect: (run: Run, format: FormatUnderTest) => void;
};

const isThrown = (code: StorageErrorCode) => (run: Run) =>
  expect(run.outcome).toMatchObject({ kind: 'thrown', error: { code } });
/**
 * If a parent is listed separately, only that listing may be refused. If it is refused once, the second look still
 * finds everything.
 */
const isRefused = (run: Run, format: FormatUnderTest) => {
  const { outcome } = run;
  if (outcome.kind === 'thrown') isThrown('access_denied')(run);
  else if (outcome.kind === 'seen' && outcome.code === null) isUnharmed(run, format);
  else expect(outcome).toEqual({ kind: 'seen', level: 'presence', code: 'access_denied' });
};
const isUnharmed = ({ outcome }: Run, { level }: FormatUnderTest) =>
  expect(outcome).toEqual({ kind: 'seen', level, code: null });
const isWithout = (code: ReasonCode) => (run: Run, format: FormatUnderTest) =>
  expect(run.outcome).toEqual({ kind: 'seen', level: format.levelWithout(run.log.faultyKey ?? ''), code });

/** Expects that an object's content is wrong: the link's own, or an ancestor's. */
function isFault(codes: readonly (ReasonCode | null)[]) {
  return ({ outcome }: Run, format: FormatUnderTest) => {
    if (outcome.kind !== 'seen') throw new Error(`expected a fault, got ${JSON.stringify(outcome)}`);
    expect(codes).toContain(outcome.code);
    expect([null, 'metadata', 'inventory']).toContain(outcome.level);
    // A fault of an ancestor may be above the level that its descendants can reach. Without a fault, the level says it.
    if (outcome.code === null) expect(outcome.level).not.toBe(format.level);
  };
}

const rows: readonly Row[] = [
  ...(['page', 'read'] as const).flatMap((at): Row[] => [
    ...(['unreachable', 'bucket_not_found', 'throttled', 'storage_token_expired'] as const).flatMap((code): Row[] => [
      {
        name: `${code} from this request on`,
        at,
        fault: (number) => ({ at, number, everythingAfter: refusal(code) }),
        expect: isThrown(code),
      },
    ]),
    {
      name: 'unreachable once',
      at,
      fault: (number) => ({ at, number, error: refusal('unreachable') }),
      expect: isThrown('unreachable'),
    },
    {
      name: '503 with Retry-After once',
      at,
      fault: (number) => ({ at, number, error: refusal('throttled', 40_000) }),
      expect: (run, format) => {
        isUnharmed(run, format);
        expect(run.waitedMs).toBeGreaterThanOrEqual(40_000);
      },
    },
  ]),
  {
    name: 'a page that is refused once',
    at: 'page',
    fault: (number) => ({ at: 'page', number, error: refusal('access_denied') }),
    expect: isRefused,
  },
  {
    name: 'credentials that expire at a page',
    at: 'page',
    fault: (number) => ({ at: 'page', number, everythingAfter: refusal('access_denied') }),
    expect: isRefused,
  },
  {
    name: 'a listing that is empty',
    at: 'page',
    fault: (number) => ({ at: 'page', number, empty: true }),
    expect: ({ outcome }) => expect(outcome).toEqual({ kind: 'nothing' }),
  },
  ...(['access_denied', 'archived', 'encrypted_customer_key'] as const).map(
    (code): Row => ({
      name: `an object with ${code}`,
      at: 'read',
      fault: (number) => ({ at: 'read', number, error: refusal(code) }),
      expect: isWithout(code),
    }),
  ),
  {
    name: 'credentials that expire at a read',
    at: 'read',
    fault: (number) => ({ at: 'read', number, everythingAfter: refusal('access_denied') }),
    expect: ({ outcome }, format) => {
      expect(outcome).toMatchObject({ kind: 'seen', code: 'access_denied' });
      expect(outcome).not.toMatchObject({ level: format.level });
    },
  },
  {
    name: 'an object that vanishes after it was listed',
    at: 'read',
    fault: (number) => ({ at: 'read', number, vanishes: true }),
    expect: (run, format) => {
      // Without its cfg, a Longhorn backup is gone. A link without its hashes is limited, not broken.
      const key = run.log.faultyKey ?? '';
      if (key === format.item.image_path) expect(run.outcome).toEqual({ kind: 'nothing' });
      else if (format.isWholeWithout?.(key) === true) isUnharmed(run, format);
      else isFault(['object_missing', 'incomplete', 'parent_broken', 'changed_while_read', null])(run, format);
    },
  },
  {
    name: 'an object that changes after it was listed',
    at: 'read',
    fault: (number) => ({ at: 'read', number, changed: true }),
    expect: isFault(['changed_while_read']),
  },
  ...[0, 1, 150].flatMap((byte): Row[] => [
    {
      name: `a body that is cut at byte ${byte}`,
      at: 'read',
      fault: (number) => ({ at: 'read', number, cutAtByte: byte }),
      expect: isThrown('unreachable'),
    },
    {
      name: `a body that hangs at byte ${byte}, until the work is stopped`,
      at: 'read',
      fault: (number) => ({ at: 'read', number, hangAtByte: byte }),
      expect: ({ outcome }) => expect(outcome).toEqual({ kind: 'thrown', error: stopped }),
    },
  ]),
  {
    name: 'a body that comes byte by byte',
    at: 'read',
    fault: (number) => ({ at: 'read', number, slow: true }),
    expect: isUnharmed,
  },
];

describe.each(formatsUnderTest)('storage faults with format $format', (format) => {
  const opened = new AsyncDisposableStack();
  let stored: StorageUnit;
  beforeAll(async () => {
    const { directory, put } = opened.use(await makeTestBuckets());
    await put(bucketName, format.objects);
    stored = opened.use(await openFilesystemStorageUnit({ id: 'here', directory }));
  });
  afterAll(() => opened.disposeAsync());

  test('do no harm if there are none', async () => {
    const run = await examineWith(format, stored, null);
    isUnharmed(run, format);
    // Some backups are one object or a few; the others need several pages.
    const isSmall = !format.isRead || ['etcd', 'ovf'].includes(format.format);
    expect(run.log.pages).toBeGreaterThanOrEqual(isSmall ? 1 : 3);
  });

  test('a body that is cut at any byte stops the examination, so that it is retried', async () => {
    const bucket = new Map(format.objects);
    const storage = openMemoryStorageUnit(new Map([[bucketName, bucket]]));
    const examine = async (fault: StorageFault | null) => {
      const { unit, log } = injectFault(storage, fault, pageEntries);
      const chain = await openChain(chainContext(unit, bucketName, [format.item.image_path]));
      return { ended: chain.examine(format.item), log };
    };
    const { ended, log } = await examine(null);
    await ended;
    const outcomes = new Map<string, unknown>();
    for (let number = 1; number <= log.reads; number += 1) {
      let size = 1;
      // Every byte at the beginning, where documents and headers are, and some of the rest.
      for (let byte = 0; byte < size; byte += byte < 512 ? 1 : 997) {
        const cut = await examine({ at: 'read', number, cutAtByte: byte });
        const outcome = await cut.ended.catch((error: unknown) => error);
        const isRetried = outcome instanceof StorageError && outcome.code === 'unreachable';
        if (!isRetried) outcomes.set(`read ${number} cut at byte ${byte}`, outcome);
        size = cut.log.faultyBytes;
      }
    }
    expect(outcomes).toEqual(new Map());
  });

  test.each(rows)('$at: $name', async (row) => {
    const { log } = await examineWith(format, stored, null);
    const count = row.at === 'page' ? log.pages : log.reads;
    for (let number = 1; number <= count; number += 1) {
      const run = await examineWith(format, stored, row.fault(number));
      row.expect(run, format);
    }
  });
});
