import { describe, expect, test } from 'vitest';
import { fieldsInJson } from '../../../testing/byte-changes.ts';
import {
  type ChangedDocument,
  changeEveryByte,
  type FieldChanges,
  isFound,
  mayPass,
} from '../../../testing/change-every-byte.ts';
import type { WrittenBackup } from '../../../testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';

const bucketName = 'backups';
/** The increment stores a plain object and a compressed one. */
const [base, child] = writeSmallChain('bytes', 8, [[1, 5]]) as readonly [WrittenBackup, WrittenBackup];
const [full, increment] = writeSmallChain('bytes', 4, [[1]]) as readonly [WrittenBackup, WrittenBackup];
const unreadable = 'metadata: metadata_unreadable';
const descriptive = 'describes the backup, and means nothing to its data';

const metadata: Record<string, FieldChanges> = {
  structure: isFound(unreadable),
  // A blank after a number or before a string may become part of it.
  blank: isFound(unreadable, 'metadata: version_unsupported', 'linkage: geometry'),
  version: isFound(unreadable, 'metadata: version_unsupported'),
  backup_id: isFound(unreadable, 'metadata: identity_mismatch'),
  volume_id: isFound(unreadable, 'metadata: identity_mismatch'),
  parent_id: isFound(unreadable, 'metadata: parent_missing'),
  objects: isFound(unreadable),
  'objects[].*': isFound(unreadable, 'metadata: identity_mismatch', 'inventory: object_missing'),
  'objects[].*.offset': isFound(unreadable, 'linkage: geometry'),
  'objects[].*.length': isFound(unreadable, 'inventory: object_size_impossible', 'linkage: geometry'),
  'objects[].*.compression': isFound(unreadable),
  // The ETag shows a change of a plain object; only the bytes show one of a compressed object.
  'objects[].*.md5': isFound(unreadable, 'inventory: object_etag_mismatch', 'content: content_mismatch'),
  backup_name: mayPass(descriptive, unreadable),
  backup_description: mayPass(descriptive, unreadable),
  created_at: mayPass(`${descriptive}; before June 2015 a compressed object may be larger than its data`, unreadable),
  volume_meta: mayPass(descriptive, unreadable),
};

const unreadableHashes = 'linkage: metadata_unreadable';
const hashFile: Record<string, FieldChanges> = {
  structure: isFound(unreadableHashes),
  blank: isFound(unreadableHashes),
  version: isFound(unreadableHashes, 'linkage: version_unsupported'),
  backup_id: isFound(unreadableHashes, 'linkage: identity_mismatch'),
  volume_id: isFound(unreadableHashes, 'linkage: identity_mismatch'),
  chunk_size: isFound(unreadableHashes, 'linkage: geometry'),
  sha256s: isFound(unreadableHashes),
  // The hash of a block that the increment stores still differs from the parent's: only its data shows the change.
  'sha256s[]': isFound(unreadableHashes, 'linkage: hash_link_broken', 'content: content_mismatch'),
  backup_name: mayPass(descriptive, unreadableHashes),
  backup_description: mayPass(descriptive, unreadableHashes),
  created_at: mayPass(descriptive, unreadableHashes),
};

/** A full backup has no parent to compare hashes with: a changed digit is found only by reading the data. */
const hashFileOfFull: Record<string, FieldChanges> = {
  ...hashFile,
  // Blocks of another size, but still as many.
  chunk_size: isFound(unreadableHashes, 'linkage: geometry', 'content: content_mismatch'),
  'sha256s[]': isFound(unreadableHashes, 'content: content_mismatch'),
};

const parentBroken = 'linkage: parent_broken';
const hashFileOfParent: Record<string, FieldChanges> = {
  ...Object.fromEntries(
    Object.entries(hashFile).map(([field, { passes }]) => [field, { found: [parentBroken], passes }]),
  ),
  chunk_size: isFound(parentBroken, 'linkage: geometry'),
  'sha256s[]': isFound(parentBroken, 'linkage: hash_link_broken', 'content: content_mismatch'),
};

const chain = [...full.objects, ...increment.objects];
const documents: readonly (readonly [string, Omit<ChangedDocument, 'fieldsOf'>, Record<string, FieldChanges>])[] = [
  [
    '_metadata of an increment',
    {
      objects: [...base.objects, ...child.objects],
      key: `${child.imagePath}_metadata`,
      item: syncItemOf(child, bucketName),
    },
    metadata,
  ],
  [
    '_sha256file of an increment',
    { objects: chain, key: `${increment.imagePath}_sha256file`, item: syncItemOf(increment, bucketName) },
    hashFile,
  ],
  [
    '_sha256file of a full backup',
    { objects: full.objects, key: `${full.imagePath}_sha256file`, item: syncItemOf(full, bucketName) },
    hashFileOfFull,
  ],
  [
    '_sha256file of a parent',
    { objects: chain, key: `${full.imagePath}_sha256file`, item: syncItemOf(increment, bucketName) },
    hashFileOfParent,
  ],
];

describe('a change of any single byte is found at the level of its field, or does not matter', () => {
  test.each(documents)('%s', { timeout: 120_000 }, async (_, document, fields) => {
    expect(await changeEveryByte({ ...document, fieldsOf: fieldsInJson })).toEqual(fields);
  });
});
