import { describe, expect, test } from 'vitest';
import { countRequests } from '../../../storage/counted-storage-unit.ts';
import { openS3StorageUnit } from '../../../storage/s3/s3-storage-unit.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { type WrittenBackup, writeCinderBackup } from '../../../testing/cinder-writer.ts';
import { startS3Server } from '../../../testing/s3-test-server.ts';
import { seededBytes, seededUuid } from '../../../testing/seeded-bytes.ts';
import { syncItemOf } from '../../../testing/small-chain.ts';
import { openChain } from '../../examiner.ts';
import type { EdgeProof } from '../../proof/link.ts';

const bucketName = 'backups';
const blockBytes = 16;
const fullObjects = 2500;
const volumeId = seededUuid('economy/volume');

/** A backup of a volume. The full backup has 2500 objects: with its two files, three pages of a listing. */
function writeBackup(day: number, volume: Uint8Array, parent?: WrittenBackup): WrittenBackup {
  return writeCinderBackup({
    volumeId,
    backupId: seededUuid(`economy/${day}`),
    takenAtMs: Date.UTC(2026, 0, 1 + day),
    volume,
    objectBytes: blockBytes,
    blockBytes,
    ...(parent !== undefined && { parent }),
  });
}

/** A full backup and its increments, of a few objects each. */
function writeGeneration(firstDay: number, increments: number): readonly WrittenBackup[] {
  let volume = seededBytes(`economy/${firstDay}`, fullObjects * blockBytes);
  const chain = [writeBackup(firstDay, volume)];
  for (let day = firstDay + 1; day <= firstDay + increments; day += 1) {
    volume = volume.slice();
    volume.set(seededBytes(`economy/${day}`, 3 * blockBytes), day * blockBytes);
    chain.push(writeBackup(day, volume, chain.at(-1)));
  }
  return chain;
}

/** Three generations of a volume: 3 full backups and 9 increments, 7569 objects on 8 pages. */
const [first, second, third] = [0, 10, 20].map((day) => writeGeneration(day, 3)) as [
  readonly WrittenBackup[],
  readonly WrittenBackup[],
  readonly WrittenBackup[],
];

async function openBucket(backups: readonly WrittenBackup[]) {
  const objects = Object.fromEntries(backups.flatMap((backup) => [...backup.objects]));
  const server = await startS3Server({ [bucketName]: objects });
  const storage = await openS3StorageUnit({ id: 'here', ...server.options });
  const proofs = new Map<string, EdgeProof>();
  return {
    /** Examines backups in one run, remembers the proofs, and reports the requests to storage. */
    async examine(...asked: readonly WrittenBackup[]) {
      const { unit, count } = countRequests(storage);
      const findProofs = async (ids: readonly string[]) => ids.flatMap((id) => proofs.get(id) ?? []);
      const paths = asked.map(({ imagePath }) => imagePath);
      const chain = await openChain(chainContext(unit, bucketName, paths, { findProofs }));
      const levels: (string | null | undefined)[] = [];
      for (const backup of asked) {
        const examination = await chain.examine(syncItemOf(backup, bucketName));
        for (const proof of examination?.newProofs ?? []) proofs.set(proof.backupId, proof);
        levels.push(examination?.level);
      }
      expect(levels).toEqual(asked.map(() => 'linkage'));
      return count();
    },
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const sizeOf = (backup: WrittenBackup | undefined, suffix: string) =>
  backup?.objects.get(`${backup.imagePath}${suffix}`)?.length ?? 0;
const metadataBytes = (...backups: readonly (WrittenBackup | undefined)[]) =>
  backups.reduce((bytes, backup) => bytes + sizeOf(backup, '_metadata') + sizeOf(backup, '_sha256file'), 0);

describe('the exact cost of a proof', () => {
  test('of a volume that is new: its listing, and two reads for each link', async () => {
    const all = [...first, ...second, ...third];
    await using bucket = await openBucket(all);
    const expected = { lists: 8, gets: 24, bytesRead: metadataBytes(...all) };
    expect(await bucket.examine(...all)).toEqual(expected);
    expect(await bucket.examine(...all)).toEqual({ lists: 8, gets: 0, bytesRead: 0 });
  });

  test('of an unchanged chain: its own pages, and the first one', async () => {
    await using bucket = await openBucket([...first, ...second, ...third]);
    await bucket.examine(...third);
    expect(await bucket.examine(...third)).toEqual({ lists: 4, gets: 0, bytesRead: 0 });
    expect(await bucket.examine(third[3] as WrittenBackup)).toEqual({ lists: 4, gets: 0, bytesRead: 0 });
    expect(await bucket.examine(...first)).toEqual({ lists: 3, gets: 8, bytesRead: metadataBytes(...first) });
    expect(await bucket.examine(...first)).toEqual({ lists: 3, gets: 0, bytesRead: 0 });
  });

  test('of a new chain in the last of many generations: the folders, and back to its full backup', async () => {
    await using bucket = await openBucket([...first, ...second, ...third]);
    const { lists, gets } = await bucket.examine(third[3] as WrittenBackup);
    expect({ lists, gets }).toEqual({ lists: 7, gets: 8 });
  });

  test('of a new increment on a proved chain: the pages of its chain, and three reads', async () => {
    const [full, ...increments] = third;
    const [last] = increments.slice(-1);
    await using before = await openBucket([...first, ...second, full as WrittenBackup, ...increments.slice(0, -1)]);
    await before.examine(full as WrittenBackup, ...increments.slice(0, -1));
    await using bucket = await openBucket([...first, ...second, ...third]);
    await bucket.examine(full as WrittenBackup, ...increments.slice(0, -1));
    const hashesOfParent = sizeOf(increments.at(-2), '_sha256file');
    expect(await bucket.examine(last as WrittenBackup)).toEqual({
      lists: 5,
      gets: 3,
      bytesRead: metadataBytes(last) + hashesOfParent,
    });
  });
});
