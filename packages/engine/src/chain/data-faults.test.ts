import { describe, expect, test } from 'vitest';
import { StorageError, type StorageErrorCode, type StorageUnit } from '../storage/port.ts';
import { chainContext } from '../testing/chain-context.ts';
import { type FaultLog, injectFault, type StorageFault } from '../testing/faulty-storage-unit.ts';
import { type FormatUnderTest, formatsUnderTest } from '../testing/formats-under-test.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { proveContent } from './content/prove-content.ts';
import { type ChainData, volumesOf } from './data.ts';
import { openChain } from './examiner.ts';
import type { Fault } from './proof/link.ts';
import { ReadFault } from './proof/read-fault.ts';
import { replayChain } from './replay/replay-chain.ts';

const bucketName = 'backups';
const stopped = new Error('stopped by the test');

type Read = (data: ChainData, storage: StorageUnit, signal: AbortSignal) => Promise<Fault | null>;

/** The levels that read what is stored. */
const levels: Readonly<Record<'content' | 'replay', Read>> = {
  async content({ links }, storage, signal) {
    for (const link of links) {
      const { fault } = await proveContent(link, { storage, threads: null, signal });
      if (fault !== null) return fault;
    }
    return null;
  },
  async replay(data, storage, signal) {
    const volume = volumesOf(data)[0]?.volume;
    if (volume === undefined) throw new Error('it is not of a volume');
    const { fault, sha256 } = await replayChain(volume, { storage, opening: null, sink: null, signal });
    // A volume that is not proved must give no hash that could be taken for its own.
    expect(sha256 === null).toBe(fault !== null);
    return fault;
  },
};

type Outcome = { readonly ended: string; readonly log: FaultLog };

/**
 * Reads the data of a chain on a storage unit with this fault. `ended` is `whole`, a reason, or `thrown` and a code.
 */
async function readWith({ objects, item }: FormatUnderTest, read: Read, fault: StorageFault | null): Promise<Outcome> {
  const storage = openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
  const { unit, log } = injectFault(storage, fault, 4);
  const stopping = new AbortController();
  const watched: StorageUnit = {
    ...unit,
    async get(request) {
      const content = await unit.get(request);
      if (fault !== null && 'hangAtByte' in fault && log.reads === fault.number) {
        setImmediate(() => stopping.abort(stopped));
      }
      return content;
    },
  };
  const chain = await openChain(chainContext(watched, bucketName, [item.image_path], { signal: stopping.signal }));
  try {
    const data = await chain.openData(item);
    if (data === null) throw new Error('nothing is stored there');
    const found = await read(data, watched, stopping.signal);
    // A Longhorn block is named by its hash: one that is written again meanwhile is the same block.
    const isNamedByHash = fault !== null && 'changed' in fault && log.faultyKey?.endsWith('.blk') === true;
    return { ended: found?.code ?? (isNamedByHash ? 'whole, by its name' : 'whole'), log };
  } catch (error) {
    if (error === stopped) return { ended: 'stopped', log };
    if (error instanceof ReadFault) return { ended: error.fault.code, log };
    if (error instanceof StorageError) return { ended: `thrown ${error.code}`, log };
    throw error;
  }
}

const refusal = (code: StorageErrorCode) => new StorageError(code, 'refused by the test');

/** For each fault, at any one read, the outcomes that are allowed. */
const rows: readonly (readonly [string, (number: number) => StorageFault, readonly string[]])[] = [
  ...(['unreachable', 'throttled', 'bucket_not_found', 'storage_token_expired'] as const).map(
    (code) =>
      [
        code,
        (number: number): StorageFault => ({ at: 'read', number, everythingAfter: refusal(code) }),
        [`thrown ${code}`],
      ] as const,
  ),
  ...(['access_denied', 'archived', 'encrypted_customer_key'] as const).map(
    (code) => [code, (number: number): StorageFault => ({ at: 'read', number, error: refusal(code) }), [code]] as const,
  ),
  [
    'credentials that expire midway',
    (number) => ({ at: 'read', number, everythingAfter: refusal('access_denied') }),
    // The refused read may be of a parent's listing.
    ['access_denied', 'thrown access_denied'],
  ],
  [
    'an object that vanishes after it was listed',
    (number) => ({ at: 'read', number, vanishes: true }),
    // Missing data is certain, since it is listed again; missing metadata is left to the next run to judge.
    ['object_missing', 'changed_while_read'],
  ],
  [
    'an object that changes after it was listed',
    (number) => ({ at: 'read', number, changed: true }),
    ['changed_while_read', 'whole, by its name'],
  ],
  ...[0, 1, 40].map(
    (cutAtByte) =>
      [
        `a body that is cut at byte ${cutAtByte}`,
        (number: number): StorageFault => ({ at: 'read', number, cutAtByte }),
        ['thrown unreachable'],
      ] as const,
  ),
  [
    'a body that hangs, until the deadline stops the work',
    (number) => ({ at: 'read', number, hangAtByte: 1 }),
    ['stopped'],
  ],
  ['a body that comes byte by byte', (number) => ({ at: 'read', number, slow: true }), ['whole']],
];

/** Formats that have no volume to replay. */
const withoutVolume: readonly string[] = ['etcd', 'restic'];
/** The formats that have data to read at each level. */
const withData = {
  content: formatsUnderTest.filter(({ isRead }) => isRead),
  replay: formatsUnderTest.filter(({ format, isRead }) => isRead && !withoutVolume.includes(format)),
};

describe.each(Object.keys(levels) as (keyof typeof levels)[])('faults of storage at level %s', (level) => {
  const read = levels[level];

  describe.each(withData[level])('of format $format', (format) => {
    test.each(rows)('%s', async (_, fault, expected) => {
      const { ended, log } = await readWith(format, read, null);
      expect(ended).toBe('whole');
      for (let number = 1; number <= log.reads; number += 1) {
        expect(expected, `read ${number}`).toContain((await readWith(format, read, fault(number))).ended);
      }
    });
  });
});

test.each(formatsUnderTest.filter(({ isRead }) => !isRead))(
  'format $format has no data to prove',
  async ({ objects, item }) => {
    const storage = openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
    const chain = await openChain(chainContext(storage, bucketName, [item.image_path]));
    expect(await chain.openData(item)).toBeNull();
  },
);
