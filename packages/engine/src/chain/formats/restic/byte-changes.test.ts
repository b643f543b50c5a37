import { expect, test } from 'vitest';
import { changeEveryByte, isFound, mayPass } from '../../../testing/change-every-byte.ts';
import { syncItemsOfRestic, writeResticRepository } from '../../../testing/restic-writer.ts';

const repository = writeResticRepository({ seed: 'bytes', folder: 'office', snapshots: 1 });
const [item] = syncItemsOfRestic(repository, 'backups');
if (item === undefined) throw new Error('the repository has a snapshot');

const unreadable = 'the bytes of the config have no digest, and only the password can read them';

// Packs and the index are proved as snapshots are, by the digest in their name.
test.each([
  ['config', mayPass(unreadable)],
  ['keys', isFound('metadata: content_mismatch')],
  ['snapshots', isFound('content: content_mismatch')],
])('a change of any single byte of %s is found if it can be', { timeout: 120_000 }, async (folder, expected) => {
  const { objects } = repository;
  const key = [...objects.keys()].find((each) => each.startsWith(`office/${folder}`)) ?? '';
  const changes = { objects, key, item, fieldsOf: (bytes: Uint8Array) => Array.from(bytes, () => folder) };
  expect(await changeEveryByte(changes)).toEqual({ [folder]: expected });
});
