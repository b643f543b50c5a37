import { createHash } from 'node:crypto';
import type { ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { alterStorage, listWithMd5 } from '../../../testing/altered-storage.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { syncItemOfManifest, type WrittenManifest } from '../../../testing/manifest-writer.ts';
import { writeSmallManifestChain } from '../../../testing/small-manifest-chain.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { openChain } from '../../examiner.ts';

const bucketName = 'backups';
/** The increment stores blocks 1-2, 4 and the short last one, 15, in objects with compression none, zlib and gzip. */
const chain = writeSmallManifestChain('damage', 16, [[1, 2, 4, 15]]);
const [full, increment] = chain as readonly [WrittenManifest, WrittenManifest];

type Objects = Map<string, Uint8Array>;
type Fields = Record<string, unknown>;
/** A manifest as loosely typed JSON, because the tests damage it on purpose. */
type Json = Fields & { backup: Fields; block_hashes: Fields; parent: Fields; objects: Fields[] };

const keyOf = (backup: WrittenManifest, name: string) => `${backup.imagePath}/${name}`;

function rewrite(objects: Objects, backup: WrittenManifest, alter: (json: Json) => void): void {
  const key = keyOf(backup, 'manifest.json');
  const json: Json = JSON.parse(Buffer.from(objects.get(key) ?? []).toString());
  alter(json);
  objects.set(key, Buffer.from(JSON.stringify(json)));
}

const change = (alter: (json: Json) => void) => (objects: Objects) => rewrite(objects, increment, alter);
const changeObject = (index: number, fields: Fields) =>
  change((json) => Object.assign(json.objects[index] ?? {}, fields));
const remove = (name: string) => (objects: Objects) => objects.delete(keyOf(increment, name));
const cut = (name: string, length: number) => (objects: Objects) =>
  objects.set(keyOf(increment, name), (objects.get(keyOf(increment, name)) ?? new Uint8Array()).slice(0, length));

/** Alters the block hashes, and the manifest so that they agree. */
function changeHashes(of: WrittenManifest, alter: (hashes: Buffer) => Buffer) {
  return (objects: Objects) => {
    const hashes = alter(Buffer.from(objects.get(keyOf(of, 'block-hashes.bin')) ?? []));
    objects.set(keyOf(of, 'block-hashes.bin'), hashes);
    const sha256 = createHash('sha256').update(hashes).digest('hex');
    rewrite(objects, of, (json) => Object.assign(json.block_hashes, { size: hashes.length, sha256 }));
  };
}

function flip(bytes: Buffer, at: number): Buffer {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

type Damage = readonly [name: string, damage: (objects: Objects) => unknown, ReasonCode, VerificationLevel | null];

const damages: readonly Damage[] = [
  ['no commit mark', remove('manifest.json'), 'incomplete', null],
  ['a manifest cut long ago', cut('manifest.json', 300), 'metadata_unreadable', null],
  ['an empty manifest', cut('manifest.json', 0), 'metadata_unreadable', null],
  ['another version', change((json) => Object.assign(json, { version: '2' })), 'version_unsupported', null],
  ['no format', change((json) => delete json.format), 'metadata_unreadable', null],
  ['another backup', change((json) => Object.assign(json.backup, { id: 'x' })), 'identity_mismatch', null],
  ['no objects', change((json) => delete (json as Fields).objects), 'metadata_unreadable', null],
  ['an object twice', change(({ objects }) => objects.push(objects[0] ?? {})), 'metadata_unreadable', null],
  ['a key that leaves the path', changeObject(0, { key: '../x' }), 'metadata_unreadable', null],
  ['a key that the format itself uses', changeObject(0, { key: 'block-hashes.bin' }), 'metadata_unreadable', null],
  ['an offset below zero', changeObject(0, { offset: -512 }), 'metadata_unreadable', null],
  ['an unknown compression', changeObject(0, { compression: 'rar' }), 'metadata_unreadable', null],
  ['a hash of 63 digits', changeObject(0, { sha256: 'a'.repeat(63) }), 'metadata_unreadable', null],
  ['a plain object of another size', changeObject(0, { stored_size: 7 }), 'metadata_unreadable', null],
  [
    'too few bytes of hashes',
    change((json) => Object.assign(json.block_hashes, { size: 32 })),
    'metadata_unreadable',
    null,
  ],
  [
    'a parent that is nowhere',
    change((json) => Object.assign(json.parent, { backup_id: 'x' })),
    'parent_missing',
    null,
  ],
  [
    'itself as parent',
    change((json) => Object.assign(json.parent, { backup_id: increment.plan.backupId })),
    'cycle',
    null,
  ],
  [
    'a parent that names it as parent',
    (objects) =>
      rewrite(objects, full, (json) => Object.assign(json, { parent: { backup_id: increment.plan.backupId } })),
    'cycle',
    null,
  ],
  ['a data object gone', remove('data/000002'), 'object_missing', 'metadata'],
  ['the block hashes gone', remove('block-hashes.bin'), 'object_missing', 'metadata'],
  ['an object not named', change(({ objects }) => objects.splice(1, 1)), 'object_stray', 'metadata'],
  [
    'one object too many',
    (objects) => objects.set(keyOf(increment, 'note.txt'), Buffer.from('x')),
    'object_stray',
    'metadata',
  ],
  ['an object cut', cut('data/000002', 100), 'object_size_impossible', 'metadata'],
  ['an object emptied', cut('data/000001', 0), 'object_size_impossible', 'metadata'],
  ['the block hashes cut', cut('block-hashes.bin', 480), 'object_size_impossible', 'metadata'],
  [
    'an object’s bytes replaced',
    (objects) => flip(objects.get(keyOf(increment, 'data/000002')) as Buffer, 9),
    'object_etag_mismatch',
    'metadata',
  ],
  [
    'a byte of the block hashes',
    (objects) => flip(objects.get(keyOf(increment, 'block-hashes.bin')) as Buffer, 300),
    'metadata_unreadable',
    'inventory',
  ],
  [
    'a byte of the parent’s block hashes',
    (objects) => flip(objects.get(keyOf(full, 'block-hashes.bin')) as Buffer, 300),
    'parent_broken',
    'inventory',
  ],
  ['an offset inside a block', changeObject(0, { offset: 100 }), 'geometry', 'inventory'],
  ['offsets that fall', changeObject(1, { offset: 512 }), 'geometry', 'inventory'],
  ['an end beyond the volume', changeObject(2, { length: 2048 }), 'geometry', 'inventory'],
  ['an end before the volume’s', changeObject(2, { length: 411 }), 'geometry', 'inventory'],
  [
    'another block size',
    change((json) => Object.assign(json, { block_size: 1024, volume_size: 16 * 1024 })),
    'geometry',
    'inventory',
  ],
  [
    'a volume longer than the parent’s',
    change((json) => Object.assign(json, { volume_size: 16 * 512 })),
    'geometry',
    'inventory',
  ],
  ['a block at another place', changeObject(1, { offset: 5 * 512 }), 'hash_link_broken', 'inventory'],
  ['a hash altered', changeHashes(increment, (hashes) => flip(hashes, 8 * 32)), 'hash_link_broken', 'inventory'],
  [
    'a hash of the parent altered',
    changeHashes(full, (hashes) => flip(hashes, 8 * 32)),
    'hash_link_broken',
    'inventory',
  ],
];

async function examine(backup: WrittenManifest, objects: Objects, nowMs = Date.UTC(2026, 10, 23)) {
  await using buckets = await makeTestBuckets();
  await buckets.put(bucketName, objects, Date.UTC(2026, 2, 1));
  await using unit = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const storage = alterStorage(unit, { list: listWithMd5(buckets.directory, bucketName) });
  const context = chainContext(storage, bucketName, [backup.imagePath], { nowMs: () => nowMs });
  return await (await openChain(context)).examine(syncItemOfManifest(backup, bucketName));
}

/** Copies of the objects, so that one test's damage does not reach the next. */
function freshObjects(): Objects {
  return new Map(
    chain.flatMap(({ objects }) => [...objects].map(([key, bytes]) => [key, Buffer.from(bytes)] as const)),
  );
}

describe('damage is found at its level, with its reason', () => {
  test('an undamaged chain has no fault', async () => {
    expect(await examine(increment, freshObjects())).toMatchObject({ level: 'linkage', fault: null, limit: null });
  });

  test.each(damages)('in an increment: %s', async (_, damage, code, level) => {
    const objects = freshObjects();
    damage(objects);
    const examination = await examine(increment, objects);
    expect(examination).toMatchObject({ format: 'manifest', level, fault: { code }, limit: null });
    expect(examination?.fault?.detail).not.toBe('');
  });

  test('in an increment that does not store its last block: a shorter volume', async () => {
    const [base, child] = writeSmallManifestChain('tail', 16, [[1]]) as readonly [WrittenManifest, WrittenManifest];
    const objects: Objects = new Map([...base.objects, ...child.objects]);
    rewrite(objects, child, (json) => Object.assign(json, { volume_size: child.manifest.volume_size - 1 }));
    expect(await examine(child, objects)).toMatchObject({ level: 'inventory', fault: { code: 'geometry' } });
  });

  test('in a full backup: a gap', async () => {
    const objects = freshObjects();
    rewrite(objects, full, (json) => Object.assign(json.objects[1] ?? {}, { offset: 10 * 512 }));
    expect(await examine(full, objects)).toMatchObject({ level: 'inventory', fault: { code: 'geometry' } });
  });

  test('a manifest that breaks off is incomplete as long as it is young', async () => {
    const objects = freshObjects();
    cut('manifest.json', 300)(objects);
    const writtenAtMs = Date.UTC(2026, 2, 1);
    const young = await examine(increment, objects, writtenAtMs + 14 * 60_000);
    expect(young).toMatchObject({ level: null, fault: { code: 'incomplete' } });
  });
});
