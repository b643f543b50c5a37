import { describe, expect, test } from 'vitest';
import { chainContext } from '../../../testing/chain-context.ts';
import { type WrittenBackup, writeCinderBackup } from '../../../testing/cinder-writer.ts';
import { openMemoryStorageUnit } from '../../../testing/memory-storage-unit.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';
import type { ChainContext } from '../../chain-context.ts';
import { openChain } from '../../examiner.ts';
import type { EdgeProof } from '../../proof/link.ts';

const bucketName = 'backups';
const [full, increment] = writeSmallChain('ambiguous', 8, [[1]]) as readonly [WrittenBackup, WrittenBackup];
const laterMs = full.plan.takenAtMs + 60_000;
const copy = writeCinderBackup({ ...full.plan, takenAtMs: laterMs });
const [firstBlock, otherFirstBlock] = [full, writeSmallChain('other', 8, [])[0] ?? full].map(({ plan }) =>
  plan.volume.slice(512, 1024),
);
/** Differs from the full backup in the block that the increment stores, so the increment fits on both. */
const rival = writeRival(1);
/** Differs from the full backup in another block. */
const stale = writeRival(5);

function writeRival(block: number): WrittenBackup {
  const volume = full.plan.volume.slice();
  volume.set(otherFirstBlock ?? [], block * 512);
  return writeCinderBackup({ ...full.plan, takenAtMs: laterMs, volume });
}

async function examine(
  backups: readonly WrittenBackup[],
  { asked = [increment], ...changes }: Partial<ChainContext> & { asked?: readonly WrittenBackup[] } = {},
) {
  const objects = new Map(backups.flatMap((backup) => [...backup.objects]));
  const storage = openMemoryStorageUnit(new Map([[bucketName, objects]]));
  const imagePaths = asked.map(({ imagePath }) => imagePath);
  const chain = await openChain(chainContext(storage, bucketName, imagePaths, changes));
  return { storage, examination: await chain.examine(syncItemOf(increment, bucketName)) };
}

describe('two backups with the id of the parent', () => {
  test('differ in these tests', () => {
    expect(firstBlock).not.toEqual(otherFirstBlock);
  });

  test('that both fit are a fault that names their places and what to do', async () => {
    const { examination } = await examine([full, rival, increment]);
    expect(examination).toMatchObject({ level: null, fault: { code: 'parent_ambiguous' }, ancestors: [] });
    for (const { imagePath } of [full, rival]) expect(examination?.fault?.detail).toContain(imagePath);
  });

  test('are a fault in a plan too, although it compares no hashes', async () => {
    const { examination } = await examine([full, stale, increment], { readHashes: false });
    expect(examination).toMatchObject({ fault: { code: 'parent_ambiguous' } });
  });

  test('are not ambiguous if one is a copy of the other', async () => {
    const { examination } = await examine([full, copy, increment]);
    expect(examination).toMatchObject({ level: 'linkage', fault: null });
  });

  test('are not ambiguous if only one fits', async () => {
    const { examination } = await examine([full, stale, increment]);
    expect(examination).toMatchObject({ level: 'linkage', ancestors: [{ location: { imagePath: full.imagePath } }] });
  });

  test.each([full, rival])('are not ambiguous if the catalogue knows the one at $imagePath', async (known) => {
    const location = { storageUnitId: 'memory', bucketName, imagePath: known.imagePath };
    const { storage, examination } = await examine([full, rival, increment], {
      locate: async (id) => (id === full.plan.backupId ? [location] : []),
    });
    expect(storage.id).toBe(location.storageUnitId);
    expect(examination).toMatchObject({ level: 'linkage', ancestors: [{ location }] });
  });

  test.each([full, rival])('are not ambiguous if the one at $imagePath is requested too', async (parent) => {
    const { examination } = await examine([full, rival, increment], { asked: [parent, increment] });
    const { imagePath } = parent;
    expect(examination).toMatchObject({ level: 'linkage', ancestors: [{ location: { imagePath } }] });
  });

  test('are examined again, so that the fault ends with the ambiguity', async () => {
    const { examination } = await examine([full, rival, increment]);
    const proofs = new Map((examination?.newProofs ?? []).map((proof): [string, EdgeProof] => [proof.backupId, proof]));
    const findProofs = async (ids: readonly string[]) =>
      ids.map((id) => proofs.get(id)).filter((proof) => proof !== undefined);
    const location = { storageUnitId: 'memory', bucketName, imagePath: rival.imagePath };
    const { examination: again } = await examine([full, rival, increment], {
      findProofs,
      locate: async () => [location],
    });
    expect(again).toMatchObject({ level: 'linkage', fault: null });
  });

  test('do not matter to the reading of data: it uses the one that the recorded proof was made with', async () => {
    const { storage, examination } = await examine([full, stale, increment], { asked: [increment] });
    const findProofs = async (ids: readonly string[]) =>
      (examination?.newProofs ?? []).filter(({ backupId }) => ids.includes(backupId));
    for (const imagePaths of [[increment.imagePath], [stale.imagePath, increment.imagePath]]) {
      const chain = await openChain(chainContext(storage, bucketName, imagePaths, { findProofs }));
      const data = await chain.openData(syncItemOf(increment, bucketName));
      expect(data?.links[0]?.location.imagePath).toBe(full.imagePath);
    }
  });
});
