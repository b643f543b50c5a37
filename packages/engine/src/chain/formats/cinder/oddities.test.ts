import { describe, expect, test } from 'vitest';
import type { StorageUnit } from '../../../storage/port.ts';
import { alterStorage } from '../../../testing/altered-storage.ts';
import { type WrittenBackup, writeCinderBackup } from '../../../testing/cinder-writer.ts';
import { asEarlyWriter } from '../../../testing/early-cinder.ts';
import { examineBackups } from '../../../testing/examine-backups.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { proveAllLevels } from '../../../testing/prove-all-levels.ts';
import { seededBytes, seededUuid } from '../../../testing/seeded-bytes.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';

const bucketName = 'backups';
const whole = { foundBy: null, code: null, level: 'linkage' };

function store(backups: readonly WrittenBackup[]): StorageUnit {
  const objects = backups.flatMap((backup) => [...backup.objects]);
  return openMemoryStorageUnit(new Map([[bucketName, new Map(objects)]]));
}

const chain = writeSmallChain('oddities', 8, [[1], [], [2, 7]]);
const [full] = chain as [WrittenBackup];

/** An increment on this backup, with another volume. */
function incrementOn(parent: WrittenBackup, name: string, volume: Uint8Array): WrittenBackup {
  const takenAtMs = parent.plan.takenAtMs + 3_600_000;
  return writeCinderBackup({ ...parent.plan, backupId: seededUuid(name), takenAtMs, volume, parent });
}

/** The same backup with the text of its metadata and hash file altered. */
function rewritten(backup: WrittenBackup, alter: (text: string) => string): WrittenBackup {
  const objects = Array.from(backup.objects, ([key, bytes]) => {
    const isText = key.endsWith('_metadata') || key.endsWith('_sha256file');
    return [key, isText ? Buffer.from(alter(Buffer.from(bytes).toString())) : bytes] as const;
  });
  return { ...backup, objects: new Map(objects) };
}

const chains: readonly (readonly [string, readonly WrittenBackup[]])[] = [
  ['an increment without changes, and one on top of it', chain],
  ['a tree', [...chain, incrementOn(full, 'sibling', seededBytes('sibling', full.plan.volume.length))]],
  [
    'a child that is shorter, and ends inside a block',
    [full, incrementOn(full, 'shorter', full.plan.volume.slice(0, 5 * 512 + 7))],
  ],
  ['the folders of posix', writeSmallChain('posix', 8, [[1], []], { layout: 'posix' })],
  ['a configured folder of posix', writeSmallChain('posix', 8, [[1], []], { layout: 'posix', folder: 'nightly' })],
  ['posix before 2017', writeSmallChain('posix', 8, [[1], []], { layout: 'early posix' })],
  [
    'times with microseconds, and without a zone',
    chain.map((one) => rewritten(one, (text) => text.replace(/\+00:00"/, '.123456"'))),
  ],
  ['lines that end in blanks', chain.map((one) => rewritten(one, (text) => text.replaceAll(',\n', ', \n')))],
  [
    'metadata of the volume, as a string of JSON',
    chain.map((one) =>
      rewritten(one, (text) => text.replace('"volume_meta": null', '"volume_meta": "{\\"size\\": 7}"')),
    ),
  ],
  [
    'metadata that is extra',
    chain.map((one) =>
      rewritten(one, (text) => text.replace('"version"', '"extra_metadata": {"a": [1, null]}, "version"')),
    ),
  ],
];

describe('genuine oddities are proved at every level', () => {
  test.each(chains)('%s', async (_, backups) => {
    const storage = store(backups);
    for (const backup of backups) expect(await proveAllLevels(storage, syncItemOf(backup, bucketName))).toEqual(whole);
  });

  test.each([
    ['of a key service', 'f'.repeat(32), true],
    ['of an upload in parts', `${'f'.repeat(32)}-3`, false],
  ])('ETags %s, which are not the MD5', async (_, etag, encryptedByKey) => {
    const storage = alterStorage(store(chain), {
      list: (entry) => ({ ...entry, etag }),
      get: (_request, content) => ({ ...content, etag }),
      head: (_request, head) => ({ ...head, etag, encryptedByKey }),
    });
    for (const backup of chain) expect(await proveAllLevels(storage, syncItemOf(backup, bucketName))).toEqual(whole);
  });

  test('an early writer’s backup has no block hashes, but its inventory and its data are proved', async () => {
    const early = asEarlyWriter(writeCinderBackup({ ...full.plan, takenAtMs: Date.UTC(2014, 2, 1) }));
    // Swift's ETag is, like S3's, the MD5 of the stored bytes, which is also the digest that early writers noted.
    const proof = await proveAllLevels(store([early]), syncItemOf(early, bucketName));
    expect(proof).toEqual({ ...whole, level: 'inventory' });
  });

  test('objects with numbers above 99999, which a listing does not sort as numbers', { timeout: 120_000 }, async () => {
    const volume = new Uint8Array(100_011 * 4);
    for (let block = 0; block * 4 < volume.length; block += 1) new DataView(volume.buffer).setUint32(block * 4, block);
    const many = writeCinderBackup({ ...full.plan, volume, blockBytes: 4, objectBytes: 4, compression: 'none' });
    expect([...many.objects.keys()].some((key) => key.endsWith('-100011'))).toBe(true);
    const [examination] = await examineBackups(store([many]), [syncItemOf(many, bucketName)]);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });
});
