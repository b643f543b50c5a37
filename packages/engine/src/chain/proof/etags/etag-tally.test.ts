import { expect, test } from 'vitest';
import { chainContext } from '../../../testing/chain-context.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { ListingDigest } from '../../listing-digest.ts';
import { disagreementsMax, EtagTally } from './etag-tally.ts';
import { settleEtags } from './settle-etags.ts';

const md5 = new Uint8Array(16).fill(1);
const other = new Uint8Array(16).fill(2);

/** More disagreements than are kept, the smallest last. */
function largeTally(): EtagTally {
  const tally = new EtagTally();
  for (let id = 1; id <= disagreementsMax + 1; id += 1) {
    tally.compare(id, id > disagreementsMax ? 1 : 10, other, md5);
  }
  return tally;
}

test('counts every disagreement, and keeps a bounded number of them and the smallest', () => {
  const tally = largeTally();
  expect(tally).toMatchObject({ agreed: 0, disagreed: disagreementsMax + 1 });
  expect(tally.disagreeingBytes).toBe(10 * disagreementsMax + 1);
  expect(tally.kept).toHaveLength(disagreementsMax);
  expect(tally.smallest).toMatchObject({ id: disagreementsMax + 1, size: 1 });
});

test('copies what it keeps, because columns reuse their memory', () => {
  const tally = new EtagTally();
  const shared = new Uint8Array(other);
  tally.compare(1, 10, shared, md5);
  shared.fill(9);
  expect(tally.smallest?.etag).toEqual(other);
  expect(tally.kept[0]?.etag).toEqual(other);
});

test('more disagreements than are kept stop the proof, since some of them would go unread', async () => {
  const tally = largeTally();
  tally.compare(disagreementsMax + 2, 10, md5, md5);
  const storage = openMemoryStorageUnit(new Map([['backups', new Map()]]));
  const settled = await settleEtags(chainContext(storage, 'backups', ['a']), {
    link: { backupId: 'a', bucketName: 'backups', imagePath: 'a', listing: new ListingDigest().finish() },
    tally,
    keyOf: (id) => `a-${id}`,
  });
  expect(settled.end?.fault).toBeNull();
  expect(settled.end?.limit).toContain(`a: ${disagreementsMax + 1} objects (100001 bytes)`);
});
