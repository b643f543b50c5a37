import { expect, test } from 'vitest';
import { changeEveryByte, isFound, mayPass } from '../../../testing/change-every-byte.ts';
import { syncItemOfQcow2, writeQcow2 } from '../../../testing/qcow2-writer.ts';

const image = writeQcow2({
  seed: 'bytes',
  imagePath: 'vm/disk.qcow2',
  clusters: ['stored', 'zeros', 'compressed', 'nothing'],
});

const [table = 0] = image.l2;
/** The fields of the header and of the tables, with their ends. */
const fields: readonly (readonly [string, number])[] = [
  ['magic', 4],
  ['version', 8],
  ['name of the backing file', 20],
  ['cluster_bits', 24],
  ['size', 32],
  ['crypt', 36],
  ['l1_size', 40],
  ['l1 offset', 48],
  ['table of counts', 60],
  ['internal snapshots', 72],
  ['incompatible features', 80],
  ['other features', 96],
  ['refcount_order', 100],
  ['header_length', 104],
  ['compression_type', 105],
  ['padding', 112],
  ['extensions', 120],
  ['rest of the header', image.l1],
  ['first-level table', image.l1 + 8],
  ['rest of the first-level table', table],
  ['entry of a stored cluster', table + 8],
  ['entry of zeros', table + 16],
  ['entry of a compressed cluster', table + 24],
  ['entry of nothing', table + 32],
];
/**
 * Bytes that say nothing: the rest of the header, and the data. An image that says it is encrypted is healthy, and has
 * another ceiling.
 */
const unread = ['crypt', 'rest of the header', 'rest of the first-level table', 'data'];

test('a change of any single byte of the header or the tables is found, or does no harm', {
  timeout: 120_000,
}, async () => {
  const fieldAt = (at: number) => fields.find(([, end]) => at < end)?.[0] ?? 'data';
  const changes = await changeEveryByte({
    objects: [[image.imagePath, image.bytes]],
    key: image.imagePath,
    item: syncItemOfQcow2(image, 'backups'),
    fieldsOf: (bytes) => Array.from(bytes, (_, at) => fieldAt(at)),
    leaves: unread,
  });
  const unreadable = 'metadata: metadata_unreadable';
  const otherVersion = 'metadata: version_unsupported';
  const geometry = 'linkage: geometry';
  const outside = 'linkage: object_size_impossible';
  const unneeded = (...found: readonly string[]) => mayPass('reading the disk does not need it', ...found);
  const unproved = (...found: readonly string[]) =>
    mayPass('another place inside the image, or none, is as possible: nothing says what the data is', ...found);
  expect(changes).toEqual({
    magic: isFound(unreadable),
    version: isFound(geometry, otherVersion),
    'name of the backing file': mayPass('its length says nothing without a place', unreadable),
    cluster_bits: isFound(unreadable),
    size: mayPass('a disk may end before or after its last cluster', unreadable),
    l1_size: mayPass('a table may be longer than needed', unreadable),
    'l1 offset': isFound('inventory: object_size_impossible', unreadable),
    'table of counts': unneeded(geometry, unreadable),
    'internal snapshots': unneeded(),
    'incompatible features': mayPass('an image may be open, or have its data elsewhere', otherVersion),
    'other features': unneeded(),
    refcount_order: unneeded(unreadable),
    header_length: mayPass('a header may be shorter', unreadable),
    compression_type: isFound(unreadable, otherVersion),
    padding: unneeded(),
    extensions: unneeded(),
    'first-level table': mayPass('the image need not claim its table', geometry, outside),
    'entry of a stored cluster': unproved(geometry, outside),
    'entry of zeros': unproved(geometry),
    'entry of a compressed cluster': unproved('content: content_mismatch', geometry, outside),
    'entry of nothing': unproved(geometry, outside),
  });
});
