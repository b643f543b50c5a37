import { describe, expect, test } from 'vitest';
import { fieldsInJson } from '../../../testing/byte-changes.ts';
import { changeEveryByte, type FieldChanges, isFound, mayPass } from '../../../testing/change-every-byte.ts';
import { syncItemOfManifest, type WrittenManifest } from '../../../testing/manifest-writer.ts';
import { writeSmallManifestChain } from '../../../testing/small-manifest-chain.ts';

/** The increment stores a plain object and a compressed one. */
const [full, increment] = writeSmallManifestChain('bytes', 8, [[1, 5]]) as readonly [WrittenManifest, WrittenManifest];
const objects = [...full.objects, ...increment.objects];
const item = syncItemOfManifest(increment, 'backups');

const unreadable = 'metadata: metadata_unreadable';
const descriptive = 'describes the backup, and means nothing to its data';

const manifest: Record<string, FieldChanges> = {
  structure: isFound(unreadable),
  // A blank before a string may become part of it.
  blank: isFound(unreadable, 'metadata: version_unsupported'),
  format: isFound(unreadable),
  version: isFound(unreadable, 'metadata: version_unsupported'),
  backup: isFound(unreadable),
  'backup.id': isFound(unreadable, 'metadata: identity_mismatch'),
  resource: isFound(unreadable),
  'resource.id': isFound(unreadable, 'metadata: identity_mismatch'),
  parent: isFound(unreadable),
  'parent.backup_id': isFound(unreadable, 'metadata: parent_missing', 'metadata: cycle'),
  volume_size: isFound(unreadable, 'linkage: geometry'),
  block_size: isFound(unreadable, 'linkage: geometry'),
  block_hashes: isFound(unreadable),
  'block_hashes.key': isFound(unreadable),
  'block_hashes.size': isFound(unreadable),
  'block_hashes.sha256': isFound(unreadable, 'linkage: metadata_unreadable'),
  objects: isFound(unreadable),
  'objects[].key': isFound(unreadable, 'inventory: object_missing'),
  'objects[].offset': isFound(unreadable, 'linkage: geometry'),
  'objects[].length': isFound(unreadable, 'linkage: geometry'),
  'objects[].stored_size': isFound(unreadable, 'inventory: object_size_impossible'),
  'objects[].compression': isFound(unreadable),
  'objects[].sha256': isFound(unreadable, 'content: content_mismatch'),
  'objects[].stored_md5': mayPass(
    'may be left out, as by another key: sha256 stands for the same data',
    unreadable,
    'inventory: object_etag_mismatch',
  ),
  'backup.name': mayPass(descriptive, unreadable),
  'backup.created_at': mayPass(descriptive, unreadable),
  'resource.name': mayPass(descriptive, unreadable),
  'resource.type': mayPass(descriptive, unreadable),
};

describe('a change of any single byte is found at the level of its field, or does not matter', () => {
  test('manifest.json', { timeout: 120_000 }, async () => {
    const key = `${increment.imagePath}/manifest.json`;
    expect(await changeEveryByte({ objects, key, item, fieldsOf: fieldsInJson })).toEqual(manifest);
  });

  test.each([
    ['of an increment', increment, 'linkage: metadata_unreadable'],
    ['of a parent', full, 'linkage: parent_broken'],
  ])('block-hashes.bin %s', { timeout: 120_000 }, async (_, { imagePath }, found) => {
    const key = `${imagePath}/block-hashes.bin`;
    const fieldsOf = (bytes: Uint8Array) => Array.from(bytes, () => 'hashes');
    expect(await changeEveryByte({ objects, key, item, fieldsOf })).toEqual({ hashes: isFound(found) });
  });
});
