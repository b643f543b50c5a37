import type { ReasonCode, VerificationLevel } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { openFilesystemStorageUnit } from '../../../storage/filesystem/filesystem-storage-unit.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import type { WrittenBackup } from '../../../testing/cinder-writer.ts';
import { pythonJson } from '../../../testing/python-text.ts';
import { seededUuid } from '../../../testing/seeded-bytes.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';
import { makeTestBuckets } from '../../../testing/test-buckets.ts';
import { openChain } from '../../examiner.ts';

const bucketName = 'backups';
/** Objects 1 and 3 of the full backup are plain, 2 and 4 compressed. The increment stores blocks 1-2, 4 and 15. */
const chain = writeSmallChain('damage', 16, [[1, 2, 4, 15]]);
const [full, increment] = chain as readonly [WrittenBackup, WrittenBackup];

type Objects = Map<string, Uint8Array>;
/** `_metadata` or `_sha256file` as loosely typed JSON, because the tests damage it on purpose. */
type Json = Record<string, unknown> & {
  objects: Record<string, Record<string, unknown>>[];
  sha256s: string[];
};

function rewrite(objects: Objects, key: string, alter: (json: Json) => void): void {
  const json: Json = JSON.parse(Buffer.from(objects.get(key) ?? []).toString());
  alter(json);
  objects.set(key, Buffer.from(pythonJson(json)));
}

function fieldsOf(json: Json, index: number): Record<string, unknown> {
  const [fields] = Object.values(json.objects[index] ?? {});
  if (fields === undefined) throw new Error(`there is an object ${index}`);
  return fields;
}

const key = {
  metadata: `${increment.imagePath}_metadata`,
  hashes: `${increment.imagePath}_sha256file`,
  object: (number: number) => `${increment.imagePath}-0000${number}`,
};
const changeMetadata = (alter: (json: Json) => void) => (objects: Objects) => rewrite(objects, key.metadata, alter);
const changeHashes = (alter: (json: Json) => void) => (objects: Objects) => rewrite(objects, key.hashes, alter);
const changeFull = (suffix: string, alter: (json: Json) => void) => (objects: Objects) =>
  rewrite(objects, `${full.imagePath}${suffix}`, alter);

type Damage = readonly [name: string, damage: (objects: Objects) => void, ReasonCode, VerificationLevel | null];

const damages: readonly Damage[] = [
  ['no commit mark', (objects) => objects.delete(key.metadata), 'incomplete', null],
  ['no object at all but hashes', (objects) => removeAllBut(objects, key.hashes), 'incomplete', null],
  ['metadata cut long ago', (objects) => cut(objects, key.metadata, 300), 'metadata_unreadable', null],
  ['empty metadata', (objects) => objects.set(key.metadata, new Uint8Array()), 'metadata_unreadable', null],
  [
    'metadata that is not JSON',
    (objects) => objects.set(key.metadata, Buffer.from('<x>')),
    'metadata_unreadable',
    null,
  ],
  ['another version', changeMetadata((json) => Object.assign(json, { version: '2.0.0' })), 'version_unsupported', null],
  [
    'another version in another shape',
    changeMetadata((json) => Object.assign(json, { version: '2.0.0', objects: {} })),
    'version_unsupported',
    null,
  ],
  ['no version', changeMetadata((json) => delete json.version), 'metadata_unreadable', null],
  ['another backup_id', changeMetadata((json) => Object.assign(json, { backup_id: 'x' })), 'identity_mismatch', null],
  ['another volume_id', changeMetadata((json) => Object.assign(json, { volume_id: 'x' })), 'identity_mismatch', null],
  [
    'a name of another path',
    changeMetadata(({ objects: [first] }) => renameTo(first, 'x-00001')),
    'identity_mismatch',
    null,
  ],
  [
    'a parent that is nowhere',
    changeMetadata((json) => Object.assign(json, { parent_id: seededUuid('nowhere') })),
    'parent_missing',
    null,
  ],
  [
    'a parent that is not a UUID',
    changeMetadata((json) => Object.assign(json, { parent_id: `${seededUuid('nowhere')}\u001b[2J` })),
    'metadata_unreadable',
    null,
  ],
  [
    'an id longer than any string may be',
    changeMetadata((json) => Object.assign(json, { parent_id: '\u001b'.repeat(1_100_000) })),
    'metadata_unreadable',
    null,
  ],
  [
    'a volume_id longer than any real one',
    changeMetadata((json) => Object.assign(json, { volume_id: 'v'.repeat(256) })),
    'metadata_unreadable',
    null,
  ],
  [
    'itself as parent',
    changeMetadata((json) => Object.assign(json, { parent_id: increment.plan.backupId })),
    'cycle',
    null,
  ],
  [
    'a parent that names it as parent',
    changeFull('_metadata', (json) => Object.assign(json, { parent_id: increment.plan.backupId })),
    'cycle',
    null,
  ],
  ['hashes but no parent_id', changeMetadata((json) => delete json.parent_id), 'metadata_unreadable', null],
  ['an object twice', changeMetadata(({ objects }) => objects.push(objects[0] ?? {})), 'metadata_unreadable', null],
  [
    'an offset below zero',
    changeMetadata((json) => Object.assign(fieldsOf(json, 0), { offset: -512 })),
    'metadata_unreadable',
    null,
  ],
  ['a data object gone', (objects) => objects.delete(key.object(2)), 'object_missing', 'metadata'],
  ['an object not named', changeMetadata(({ objects }) => objects.splice(1, 1)), 'object_stray', 'metadata'],
  ['one object too many', (objects) => objects.set(key.object(9), Buffer.from('x')), 'object_stray', 'metadata'],
  [
    'a key that is not of this format',
    (objects) => objects.set(`${key.object(1)}.tmp`, Buffer.from('x')),
    'object_stray',
    'metadata',
  ],
  [
    'a copy below its own path',
    (objects) => objects.set(`${increment.imagePath}_copy_backup_${full.plan.backupId}-00001`, Buffer.from('x')),
    'object_stray',
    'metadata',
  ],
  [
    'a copy that is listed before it',
    (objects) => objects.set(`${increment.imagePath}!_backup_${full.plan.backupId}_metadata`, Buffer.from('x')),
    'object_stray',
    'metadata',
  ],
  ['a number left out of both metadata and bucket', leaveOutNumber2, 'object_missing', 'metadata'],
  ['a plain object cut', (objects) => cut(objects, key.object(1), 100), 'object_size_impossible', 'metadata'],
  ['a compressed object emptied', (objects) => cut(objects, key.object(2), 0), 'object_size_impossible', 'metadata'],
  [
    'a compressed object as long as its data',
    (objects) => objects.set(key.object(2), new Uint8Array(512)),
    'object_size_impossible',
    'metadata',
  ],
  [
    'hashes of another backup',
    changeHashes((json) => Object.assign(json, { backup_id: 'x' })),
    'identity_mismatch',
    'inventory',
  ],
  [
    'hashes of another volume',
    changeHashes((json) => Object.assign(json, { volume_id: 'x' })),
    'identity_mismatch',
    'inventory',
  ],
  ['hashes cut', (objects) => cut(objects, key.hashes, 400), 'metadata_unreadable', 'inventory'],
  [
    'a hash of 63 digits',
    changeHashes((json) => Object.assign(json.sha256s, { 3: 'a'.repeat(63) })),
    'metadata_unreadable',
    'inventory',
  ],
  ['another block size', changeHashes((json) => Object.assign(json, { chunk_size: 256 })), 'geometry', 'inventory'],
  ['more hashes than the parent', changeHashes(({ sha256s }) => sha256s.push('a'.repeat(64))), 'geometry', 'inventory'],
  ['no hashes', changeHashes((json) => Object.assign(json, { sha256s: [] })), 'geometry', 'inventory'],
  [
    'an offset inside a block',
    changeMetadata((json) => Object.assign(fieldsOf(json, 0), { offset: 100 })),
    'geometry',
    'inventory',
  ],
  [
    'offsets that fall',
    changeMetadata((json) => Object.assign(fieldsOf(json, 1), { offset: 512 })),
    'geometry',
    'inventory',
  ],
  [
    'an end beyond the volume',
    changeMetadata((json) => Object.assign(fieldsOf(json, 2), { length: 2048 })),
    'geometry',
    'inventory',
  ],
  [
    'a block at another place',
    changeMetadata((json) => Object.assign(fieldsOf(json, 1), { offset: 5 * 512 })),
    'hash_link_broken',
    'inventory',
  ],
  [
    'a hash altered',
    changeHashes((json) => Object.assign(json.sha256s, { 8: 'a'.repeat(64) })),
    'hash_link_broken',
    'inventory',
  ],
  [
    'a stored block that is the parent’s',
    changeHashes((json) => Object.assign(json.sha256s, { 4: full.hashes[4] })),
    'hash_link_broken',
    'inventory',
  ],
  [
    'a hash of the parent altered',
    changeFull('_sha256file', (json) => Object.assign(json.sha256s, { 8: 'a'.repeat(64) })),
    'hash_link_broken',
    'inventory',
  ],
  [
    'hashes of the parent cut',
    (objects) => cut(objects, `${full.imagePath}_sha256file`, 400),
    'parent_broken',
    'inventory',
  ],
];

const damagesOfFull: readonly Damage[] = [
  [
    'a gap',
    changeFull('_metadata', (json) => Object.assign(fieldsOf(json, 1), { offset: 10 * 512 })),
    'geometry',
    'inventory',
  ],
  [
    'one hash too many',
    changeFull('_sha256file', ({ sha256s }) => sha256s.push('a'.repeat(64))),
    'geometry',
    'inventory',
  ],
  ['one hash too few', changeFull('_sha256file', ({ sha256s }) => sha256s.pop()), 'geometry', 'inventory'],
];

function removeAllBut(objects: Objects, kept: string): void {
  for (const each of objects.keys()) if (each.startsWith(increment.imagePath) && each !== kept) objects.delete(each);
}

function cut(objects: Objects, at: string, length: number): void {
  objects.set(at, (objects.get(at) ?? new Uint8Array()).slice(0, length));
}

function renameTo(entry: Record<string, Record<string, unknown>> | undefined, name: string): void {
  for (const [old, fields] of Object.entries(entry ?? {})) {
    delete entry?.[old];
    Object.assign(entry ?? {}, { [name]: fields });
  }
}

function leaveOutNumber2(objects: Objects): void {
  objects.delete(key.object(2));
  rewrite(objects, key.metadata, (json) => json.objects.splice(1, 1));
}

async function examine(backup: WrittenBackup, objects: Objects, nowMs = Date.UTC(2026, 10, 23)) {
  await using buckets = await makeTestBuckets();
  await buckets.put(bucketName, objects, Date.UTC(2026, 2, 1));
  await using storage = await openFilesystemStorageUnit({ id: 'here', directory: buckets.directory });
  const context = chainContext(storage, bucketName, [backup.imagePath], { nowMs: () => nowMs });
  const opened = await openChain(context);
  return await opened.examine(syncItemOf(backup, bucketName));
}

function freshObjects(): Objects {
  return new Map([...full.objects, ...increment.objects]);
}

describe('damage is found at its level, with its reason', () => {
  test.each(damages)('in an increment: %s', async (_, damage, code, level) => {
    const objects = freshObjects();
    damage(objects);
    const examination = await examine(increment, objects);
    expect(examination).toMatchObject({ level, fault: { code }, limit: null });
    expect(examination?.fault?.detail).not.toBe('');
  });

  test.each(damagesOfFull)('in a full backup: %s', async (_, damage, code, level) => {
    const objects = freshObjects();
    damage(objects);
    expect(await examine(full, objects)).toMatchObject({ level, fault: { code }, limit: null });
  });

  test('a key cannot put control characters into messages', async () => {
    const objects = freshObjects();
    objects.set(`${key.object(1)}\u001b[2J\u202e`, Buffer.from('x'));
    const examination = await examine(increment, objects);
    expect(examination?.fault?.detail).toBe(`${key.object(1)}\\u{1b}[2J\\u{202e}`);
  });

  test('a commit mark that breaks off is incomplete as long as it is young', async () => {
    const objects = freshObjects();
    cut(objects, key.metadata, 300);
    const writtenAtMs = Date.UTC(2026, 2, 1);
    const young = await examine(increment, objects, writtenAtMs + 14 * 60_000);
    expect(young).toMatchObject({ level: null, fault: { code: 'incomplete' } });
    const old = await examine(increment, objects, writtenAtMs + 15 * 60_000);
    expect(old).toMatchObject({ level: null, fault: { code: 'metadata_unreadable' } });
  });
});

describe('backups of early writers are not called broken', () => {
  test('from before 2015: no hashes, no parents, and compressed objects larger than their data', async () => {
    const objects: Objects = new Map(full.objects);
    objects.delete(`${full.imagePath}_sha256file`);
    objects.set(`${full.imagePath}-00002`, new Uint8Array(9999));
    rewrite(objects, `${full.imagePath}_metadata`, (json) => delete json.parent_id);
    const examination = await examine(full, objects);
    expect(examination).toMatchObject({ level: 'inventory', fault: null, incremental: false });
    expect(examination?.limit).toContain('_sha256file');
  });

  test('from before June 2015: hashes, and compressed objects larger than their data', async () => {
    const objects: Objects = new Map(full.objects);
    objects.set(`${full.imagePath}-00002`, new Uint8Array(9999));
    rewrite(objects, `${full.imagePath}_metadata`, (json) =>
      Object.assign(json, { created_at: '2015-05-01 02:00:00' }),
    );
    expect(await examine(full, objects)).toMatchObject({ level: 'linkage', fault: null });
  });
});
