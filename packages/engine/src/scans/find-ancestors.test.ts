import { expect, test } from 'vitest';
import { endlessStorage } from '../testing/endless-storage.ts';
import { seededUuid } from '../testing/seeded-bytes.ts';
import { noTrustedRoots } from '../trusted-roots.ts';
import { findAncestors } from './find-ancestors.ts';
import { OutsideAncestors } from './outside-ancestors.ts';

test('a root with an endless number of backups is refused before they fill the memory', async () => {
  const backup = (index: number) => `volume_v/${20260101000000 + index}/az_nova_backup_${seededUuid(String(index))}`;
  const storage = endlessStorage((index) => `${backup(index)}_metadata`);
  const context = {
    storage,
    catalogue: {
      backups: {
        recordedBelow: async () => ({ backups: [], isLast: true }),
        knownAtPlaces: nothing,
        knownByIds: nothing,
        knownChildren: nothing,
      },
    },
    findProofs: nothing,
    trustedRoots: noTrustedRoots,
    projectId: 'project-1',
    bucketName: 'bucket',
    outages: { of: () => null },
    signal: new AbortController().signal,
    nowMs: () => 0,
    onFault: () => {},
  };
  const wanted = { prefix: 'volume_v/2027', formats: null };
  const ancestors = findAncestors(
    context,
    new OutsideAncestors(context, ''),
    wanted,
    new Map([['volume_v/', new Set(['parent'])]]),
    2500,
  );
  await expect(ancestors.next()).rejects.toMatchObject({
    code: 'listing_too_large',
    message: 'backups in volume_v/: more than 2500',
  });
});

async function nothing() {
  return [];
}
