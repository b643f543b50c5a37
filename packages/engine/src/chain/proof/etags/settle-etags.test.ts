import { createHash } from 'node:crypto';
import type { BackupSync } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { StorageError, type StorageErrorCode, type StorageUnit } from '../../../storage/port.ts';
import { type Alterations, alterStorage } from '../../../testing/altered-storage.ts';
import { writeCinderBackup } from '../../../testing/cinder-writer.ts';
import { examineBackups, rememberProofs } from '../../../testing/examine-backups.ts';
import { syncItemOfManifest, writeManifestBackup } from '../../../testing/manifest-writer.ts';
import { type MemoryBucket, openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';
import { seededBytes, seededUuid } from '../../../testing/seeded-bytes.ts';
import { syncItemOf } from '../../../testing/small-chain.ts';
import type { ChainContext } from '../../chain-context.ts';

const bucketName = 'backups';
const blockBytes = 512;
/** Three objects of one, three and two blocks. */
const changedBlocks = [1, 5, 6, 7, 9, 10];

/** A full backup and an increment on it, with all objects uncompressed. */
type Case = {
  readonly name: string;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly item: BackupSync;
  /** Keys of the data objects of the increment, in order. The first is the smallest. */
  readonly keys: readonly [string, string, string];
  readonly checkVersions: { readonly old: string; readonly present: string };
  /** GETs for the metadata and hashes of both links. */
  readonly metadataGets: number;
};

function volumes(): readonly [Uint8Array, Uint8Array] {
  const before = seededBytes('etags/0', 16 * blockBytes);
  const after = before.slice();
  for (const block of changedBlocks) after.set(seededBytes(`etags/${block}`, blockBytes), block * blockBytes);
  return [before, after];
}

function cinderCase(): Case {
  const [before, after] = volumes();
  const plan = {
    volumeId: seededUuid('etags/volume'),
    takenAtMs: Date.UTC(2026, 2, 1),
    objectBytes: 4 * blockBytes,
    blockBytes,
    compression: 'none' as const,
  };
  const full = writeCinderBackup({ ...plan, backupId: seededUuid('etags/full'), volume: before });
  const increment = writeCinderBackup({
    ...plan,
    backupId: seededUuid('etags/increment'),
    takenAtMs: plan.takenAtMs + 86_400_000,
    volume: after,
    parent: full,
  });
  return {
    name: 'cinder',
    objects: new Map([...full.objects, ...increment.objects]),
    item: syncItemOf(increment, bucketName),
    keys: keysIn(increment.objects, /-\d{5}$/),
    checkVersions: { old: 'cinder/2', present: 'cinder/3' },
    metadataGets: 4,
  };
}

function manifestCase(): Case {
  const [before, after] = volumes();
  const plan = { objectBytes: 4 * blockBytes, blockBytes };
  const createdAtMs = Date.UTC(2026, 2, 1);
  const full = writeManifestBackup({ ...plan, backupId: 'full', imagePath: 'disk/full', createdAtMs, volume: before });
  const increment = writeManifestBackup({
    ...plan,
    backupId: 'increment',
    imagePath: 'disk/increment',
    createdAtMs: createdAtMs + 86_400_000,
    volume: after,
    parent: full,
  });
  return {
    name: 'manifest',
    objects: new Map([...full.objects, ...increment.objects]),
    item: syncItemOfManifest(increment, bucketName),
    keys: keysIn(increment.objects, /data\/\d+$/),
    checkVersions: { old: 'manifest/1', present: 'manifest/2' },
    metadataGets: 4,
  };
}

function keysIn(objects: ReadonlyMap<string, Uint8Array>, pattern: RegExp): Case['keys'] {
  const sizeOf = (key: string) => objects.get(key)?.length ?? 0;
  const keys = [...objects.keys()].filter((key) => pattern.test(key));
  return keys.toSorted((one, other) => sizeOf(one) - sizeOf(other)) as unknown as Case['keys'];
}

const cases: readonly Case[] = [cinderCase(), manifestCase()];

const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex');
/** The ETag of a service that encrypts. */
const opaque = (etag: string) => md5(`sealed ${etag}`);

/** Storage whose ETags `etagOf` computes from the MD5 of an object. Records the keys that were read. */
function storageOf(bucket: MemoryBucket, etagOf: (key: string, md5: string) => string, more: Alterations = {}) {
  const read: string[] = [];
  const alter = <Seen extends { readonly etag: string | null }>(key: string, seen: Seen): Seen => ({
    ...seen,
    etag: etagOf(key, seen.etag ?? ''),
  });
  const unit: StorageUnit = alterStorage(openMemoryStorageUnit(new Map([[bucketName, bucket]])), {
    list: (entry) => alter(entry.key, entry),
    beforeGet: (request) => {
      read.push(request.key);
      more.beforeGet?.(request);
    },
    get: ({ key }, content) => alter(key, content),
    head: (request, head) => more.head?.(request, head) ?? alter(request.key, head),
  });
  return { ...countRequests(unit), read };
}

async function examine(unit: StorageUnit, { item }: Case, changes: Partial<ChainContext> = {}) {
  const [examination] = await examineBackups(unit, [item], changes);
  if (examination === null || examination === undefined) throw new Error('the backup is there');
  return examination;
}

/** Replaces an object by other bytes of the same length. */
function replace(bucket: MemoryBucket, key: string): void {
  bucket.set(key, seededBytes(`replaced ${key}`, bucket.get(key)?.length ?? 0));
}

const failGet =
  (key: string, code: StorageErrorCode): NonNullable<Alterations['beforeGet']> =>
  (request) => {
    if (request.key === key) throw new StorageError(code, key);
  };

describe.each(cases)('$name: an ETag that is not the MD5 is a reason to read', (given) => {
  const { keys, item, metadataGets, checkVersions } = given;
  const [smallest, other, largest] = keys;
  const freshBucket = (): MemoryBucket => new Map(given.objects);
  const opaqueAll = (_key: string, etag: string) => opaque(etag);
  const dataKeys = (read: readonly string[]) => read.filter((key) => /-\d{5}$|data\/\d+$/.test(key));

  test('if no ETag is an MD5, one object of each link is read, and the proof says so', async () => {
    const { unit, read, count } = storageOf(freshBucket(), opaqueAll);
    const examination = await examine(unit, given);
    expect(examination).toMatchObject({ level: 'linkage', fault: null, limit: null });
    expect(examination.remark).toContain('the ETags of this storage are not MD5s');
    expect(examination.newProofs.every(({ remark }) => remark !== null)).toBe(true);
    expect(dataKeys(read)).toHaveLength(2);
    expect(dataKeys(read)).toContain(smallest);
    expect(count().gets).toBe(metadataGets + 2);
  });

  test('if nothing has changed since, nothing is read, and the remark remains', async () => {
    const memory = rememberProofs();
    const bucket = freshBucket();
    memory.remember([await examine(storageOf(bucket, opaqueAll).unit, given, memory)]);
    const { unit, count } = storageOf(bucket, opaqueAll);
    const again = await examine(unit, given, memory);
    expect(again).toMatchObject({ level: 'linkage', fault: null, newProofs: [] });
    expect(again.remark).toContain('the ETags of this storage are not MD5s');
    expect(count().gets).toBe(0);
  });

  test('if a single ETag is not an MD5, that object is read', async () => {
    const { unit, read } = storageOf(freshBucket(), (key, etag) => (key === other ? opaque(etag) : etag));
    expect(await examine(unit, given)).toMatchObject({ level: 'linkage', fault: null, remark: null });
    expect(dataKeys(read)).toEqual([other]);
  });

  test.each(keys)('a replaced object is found if the ETags are MD5s: %s', async (key) => {
    const bucket = freshBucket();
    replace(bucket, key);
    const { unit } = storageOf(bucket, (_key, etag) => etag);
    const examination = await examine(unit, given);
    expect(examination).toMatchObject({ level: 'metadata', fault: { code: 'object_etag_mismatch' }, remark: null });
    expect(examination.fault?.detail).toContain(key);
  });

  test('a replaced object is found if no ETag is an MD5 and it is the one that is read', async () => {
    const bucket = freshBucket();
    replace(bucket, smallest);
    const { unit } = storageOf(bucket, opaqueAll);
    const examination = await examine(unit, given);
    expect(examination).toMatchObject({ level: 'metadata', fault: { code: 'object_etag_mismatch' } });
    expect(examination.fault?.detail).toContain(smallest);
  });

  test('if no ETag is an MD5, level content finds an unread object that was replaced at the start', async () => {
    const bucket = freshBucket();
    replace(bucket, largest);
    const { unit } = storageOf(bucket, opaqueAll);
    expect(await proveAllLevels(unit, item)).toEqual({
      foundBy: 'content',
      code: 'content_mismatch',
      level: 'linkage',
    });
  });

  test.each(keys)(
    'an object replaced after the first examination is found though no ETag is an MD5: %s',
    async (key) => {
      const memory = rememberProofs();
      const bucket = freshBucket();
      memory.remember([await examine(storageOf(bucket, opaqueAll).unit, given, memory)]);
      replace(bucket, key);
      for (const look of ['next', 'the one after', 'and again']) {
        // The listing differs each time. Earlier findings must not make the replaced object the reference.
        const { unit } = storageOf(bucket, (of, etag) => (of === other ? opaque(`${look} ${etag}`) : opaque(etag)));
        const examination = await examine(unit, given, memory);
        expect(examination).toMatchObject({ level: 'metadata', fault: { code: 'object_etag_mismatch' } });
        expect(examination.fault?.detail).toContain(key);
        memory.remember([examination]);
      }
    },
  );

  test('if ETags change after the first examination but bytes do not, all of the link is read', async () => {
    const memory = rememberProofs();
    const bucket = freshBucket();
    memory.remember([await examine(storageOf(bucket, opaqueAll).unit, given, memory)]);
    const { unit, read } = storageOf(bucket, (key, etag) => (key === smallest ? opaque(opaque(etag)) : opaque(etag)));
    expect(await examine(unit, given, memory)).toMatchObject({ level: 'linkage', fault: null });
    expect(dataKeys(read).toSorted()).toEqual([...keys].toSorted());
  });

  test('too much to read stops the proof, and is not read at each examination either', async () => {
    const memory = rememberProofs();
    const bucket = freshBucket();
    const linkageMaxBytes = (bucket.get(smallest)?.length ?? 0) - 1;
    const limited = { ...memory, linkageMaxBytes };
    const first = await examine(storageOf(bucket, opaqueAll).unit, given, limited);
    expect(first).toMatchObject({ level: 'metadata', fault: null });
    expect(first.limit).toMatch(/ETag that is not their MD5.*"verify" reads them all/);
    memory.remember([first]);
    const { unit, count } = storageOf(bucket, opaqueAll);
    expect(await examine(unit, given, limited)).toMatchObject({ level: 'metadata', limit: first.limit });
    expect(count().gets).toBe(0);
    const raised = storageOf(bucket, opaqueAll).unit;
    expect(await examine(raised, given, memory)).toMatchObject({ level: 'linkage', fault: null, limit: null });
  });

  test('a replaced object too large to read is never called whole, whatever proofs are recorded', async () => {
    const memory = rememberProofs();
    const bucket = freshBucket();
    memory.remember([await examine(storageOf(bucket, opaqueAll).unit, given, memory)]);
    replace(bucket, largest);
    const limited = { ...memory, linkageMaxBytes: (bucket.get(largest)?.length ?? 0) - 1 };
    for (const findProofs of [memory.findProofs, async () => []]) {
      const examination = await examine(storageOf(bucket, opaqueAll).unit, given, { ...limited, findProofs });
      expect(examination).toMatchObject({ level: 'metadata', fault: null });
      memory.remember([examination]);
    }
  });

  test.each(['access_denied', 'archived'] as const)('an object that cannot be read is reported: %s', async (code) => {
    const { unit } = storageOf(freshBucket(), opaqueAll, { beforeGet: failGet(smallest, code) });
    expect(await examine(unit, given)).toMatchObject({ level: 'metadata', fault: { code } });
  });

  test('a key service explains the ETag of an archived object at first, but not after a change', async () => {
    const memory = rememberProofs();
    const bucket = freshBucket();
    const head: Alterations['head'] = (_, seen) => ({ ...seen, encryptedByKey: true });
    const archived = { beforeGet: failGet(smallest, 'archived'), head };
    const first = await examine(storageOf(bucket, opaqueAll, archived).unit, given, memory);
    expect(first).toMatchObject({ level: 'linkage', fault: null });
    memory.remember([first]);
    replace(bucket, smallest);
    const next = await examine(storageOf(bucket, opaqueAll, archived).unit, given, memory);
    expect(next).toMatchObject({ level: 'metadata', fault: { code: 'archived' } });
  });

  test('a customer key explains an ETag at the first examination, but not after a change', async () => {
    const memory = rememberProofs();
    const bucket = freshBucket();
    const locked = { beforeGet: failGet(smallest, 'encrypted_customer_key') };
    const first = await examine(storageOf(bucket, opaqueAll, locked).unit, given, memory);
    expect(first).toMatchObject({ level: 'linkage', fault: null });
    memory.remember([first]);
    replace(bucket, smallest);
    const next = await examine(storageOf(bucket, opaqueAll, locked).unit, given, memory);
    expect(next).toMatchObject({ level: 'metadata', fault: { code: 'encrypted_customer_key' } });
  });

  test('a plan reads no data, and says what a sync would read', async () => {
    const { unit, read } = storageOf(freshBucket(), opaqueAll);
    const examination = await examine(unit, given, { readHashes: false });
    expect(examination).toMatchObject({ level: 'metadata', fault: null });
    expect(examination.limit).toContain('were not read');
    expect(dataKeys(read)).toEqual([]);
    const ofLeaf = examination.unreadHashes.find(({ backupId }) => backupId === item.backup_id);
    const hashKeys = [...given.objects.keys()].filter((key) => /_sha256file$|block-hashes.bin$/.test(key));
    expect(ofLeaf?.objects.map(({ key }) => key).toSorted()).toEqual([smallest, ...hashKeys].toSorted());
  });

  test('if all data is read afterwards, nothing is read here, and the proof waits for the data', async () => {
    const { unit, read } = storageOf(freshBucket(), opaqueAll);
    const examination = await examine(unit, given, { dataFollows: true });
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
    expect(examination.awaitingData).toHaveLength(2);
    expect(dataKeys(read)).toEqual([]);
  });

  test('a fault that an older check found by an ETag alone is checked again; other old proofs are not', async () => {
    const bucket = freshBucket();
    const { newProofs } = await examine(storageOf(bucket, opaqueAll).unit, given);
    expect(newProofs.map(({ checkVersion }) => checkVersion)).toEqual([checkVersions.present, checkVersions.present]);
    const old = newProofs.map((proof) => ({ ...proof, checkVersion: checkVersions.old }));
    const findIn = (proofs: typeof old) => async (ids: readonly string[]) =>
      proofs.filter(({ backupId }) => ids.includes(backupId));
    const { unit, count } = storageOf(bucket, opaqueAll);
    expect(await examine(unit, given, { findProofs: findIn(old) })).toMatchObject({ newProofs: [], fault: null });
    expect(count().gets).toBe(0);

    const fault = { code: 'object_etag_mismatch', detail: smallest } as const;
    const broken = old.map((proof) => ({ ...proof, level: 'metadata' as const, fault }));
    const mended = await examine(storageOf(bucket, opaqueAll).unit, given, { findProofs: findIn(broken) });
    expect(mended).toMatchObject({ level: 'linkage', fault: null });
    const content = old.map((proof) => ({ ...proof, fault: { code: 'content_mismatch', detail: smallest } as const }));
    const rotten = await examine(storageOf(bucket, opaqueAll).unit, given, { findProofs: findIn(content) });
    expect(rotten).toMatchObject({ fault: { code: 'content_mismatch' } });
  });

  test('ETags in capitals are recognised as MD5s, even when the data is read', async () => {
    const { unit, count } = storageOf(freshBucket(), (_key, etag) => etag.toUpperCase());
    expect(await examine(unit, given)).toMatchObject({ level: 'linkage', fault: null, remark: null });
    expect(count().gets).toBe(metadataGets);
    expect(await proveAllLevels(unit, item)).toEqual({ foundBy: null, code: null, level: 'linkage' });
  });
});
