import { expect, test } from 'vitest';
import { chainContext } from '../../../testing/chain-context.ts';
import { endlessStorage } from '../../../testing/endless-storage.ts';
import { blockKeyOf } from './backup-path.ts';
import { listVolume } from './volume-listing.ts';

const folder = 'backupstore/volumes/ab/cd/mail/';
const few = { blocks: 2500, backups: 2500 };

test.each([
  [
    'blocks',
    (index: number) => blockKeyOf(index.toString(16).padStart(64, '0')),
    `blocks of ${folder}: more than 2500`,
  ],
  [
    'backups',
    (index: number) => `backups/backup_${String(index).padStart(9, '0')}.cfg`,
    `objects in ${folder}backups/: more than 2500`,
  ],
])('a volume whose %s have no end is refused before they fill the memory', async (_, nameOf, message) => {
  const storage = endlessStorage((index) => folder + nameOf(index));
  await expect(listVolume(chainContext(storage, 'bucket', []), folder, [], few)).rejects.toMatchObject({
    code: 'listing_too_large',
    message,
  });
});
