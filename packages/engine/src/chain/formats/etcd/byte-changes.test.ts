import { expect, test } from 'vitest';
import { changeEveryByte, isFound } from '../../../testing/change-every-byte.ts';
import { syncItemOfEtcd, writeEtcdSnapshot } from '../../../testing/etcd-writer.ts';

const pageBytes = 512;
const snapshot = writeEtcdSnapshot({
  ...{ seed: 'bytes', folder: 'cluster-a', madeAtMs: Date.UTC(2026, 1, 1, 2) },
  ...{ pageBytes, pages: 3, kind: 'snapshot' },
});

/** The fields of the first description, with their ends. */
const fields = [
  ['header of the page', 16],
  ['description', 80],
  ['rest', snapshot.bytes.length - 32],
  ['hash', snapshot.bytes.length],
] as const;

test('a change of any single byte is found', { timeout: 120_000 }, async () => {
  const fieldsOf = (bytes: Uint8Array) =>
    Array.from(bytes, (_, at) => fields.find(([, end]) => at < end)?.[0] ?? 'beyond');
  const objects = [[snapshot.imagePath, snapshot.bytes] as const];
  const item = syncItemOfEtcd(snapshot, 'backups');
  const mismatch = isFound('content: content_mismatch');
  expect(await changeEveryByte({ objects, key: snapshot.imagePath, item, fieldsOf })).toEqual({
    'header of the page': mismatch,
    // Its own checksum shows it. Pages of this size have no second description that is looked for.
    description: isFound('metadata: metadata_unreadable'),
    rest: mismatch,
    hash: mismatch,
  });
});
