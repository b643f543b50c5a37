import { describe, expect, test } from 'vitest';
import { collect } from '../../../storage/storage-conformance.ts';
import { chainContext } from '../../../testing/chain-context.ts';
import { storeBackups, testBucket } from '../../../testing/chain-data.ts';
import { writeCinderBackup } from '../../../testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../../../testing/small-chain.ts';
import type { ChainData, LinkData, StoredContent, ZeroRun } from '../../data.ts';
import { openChain } from '../../examiner.ts';
import { openChainData } from '../../proof/data-walk.ts';
import { CinderReader } from './cinder-reader.ts';
import { HashLists } from './hash-lists.ts';
import { VolumeFolders } from './volume-folders.ts';

const chain = writeSmallChain('data', 16, [[0, 1, 9], [15]]);
const [full, middle, leaf] = chain;
if (full === undefined || middle === undefined || leaf === undefined) throw new Error('the chain has links');

async function objectsOf(link: LinkData) {
  const batches = await collect<readonly (StoredContent | ZeroRun)[]>(link.objects());
  return batches.flat().filter((object) => object.key !== null);
}

/** Everything that the links report. */
async function contentsOf({ links }: ChainData) {
  return await Promise.all(
    links.map(async (link) => ({
      backupId: link.backupId,
      location: link.location,
      volumeBytes: link.volumeBytes,
      objects: await objectsOf(link),
      hashes: link.blocks === null ? null : Buffer.concat(await collect(link.blocks.hashes())).toString('hex'),
    })),
  );
}

describe('the data of a chain', () => {
  test('is reported from the full backup to the leaf, as often as it is requested', async () => {
    await using stored = await storeBackups(chain);
    const data = await stored.open(leaf);
    const contents = await contentsOf(data);
    expect(contents.map(({ backupId }) => backupId)).toEqual(chain.map(({ plan }) => plan.backupId));
    expect(contents.map(({ hashes }) => hashes)).toEqual(chain.map(({ hashes }) => hashes.join('')));
    for (const [index, { objects }] of contents.entries()) {
      const written = chain[index]?.objects ?? new Map();
      expect(objects.map(({ key }) => key)).toEqual([...written.keys()].slice(0, -2));
      for (const { key, storedBytes } of objects) expect(storedBytes).toBe(written.get(key)?.length);
    }
    expect(await contentsOf(data)).toEqual(contents);
  });

  test('is the same if the objects are too many to keep and are read again', async () => {
    await using stored = await storeBackups(chain);
    const context = chainContext(stored.storage, testBucket, [leaf.imagePath]);
    const folders = new VolumeFolders(context);
    const link = await folders.linkAt(testBucket, leaf.imagePath);
    if (link === null) throw new Error('the leaf is not there');
    const tools = { context, folders, hashLists: new HashLists(context) };
    const readAgain = await openChainData(new CinderReader(tools, 0), link);
    if (readAgain === null) throw new Error('the leaf is a backup of Cinder');
    expect(await contentsOf(readAgain)).toEqual(await contentsOf(await stored.open(leaf)));

    // If an object changes in the meantime, the chain is no longer the one that was opened.
    const [key] = [...leaf.objects.keys()];
    await stored.buckets.put(testBucket, [[key ?? '', 'altered']]);
    await expect(contentsOf(readAgain)).resolves.toBeDefined();
    folders.releaseObjects(link);
    await expect(contentsOf(readAgain)).rejects.toMatchObject({ fault: { code: 'changed_while_read' } });
  });

  test('is null if there is no Cinder backup at the path', async () => {
    await using stored = await storeBackups([full]);
    const opened = await openChain(chainContext(stored.storage, testBucket, [full.imagePath]));
    expect(await opened.openData(syncItemOf(leaf, testBucket))).toBeNull();
  });

  test('cannot be opened without a parent, in a cycle, with another resource, or with broken metadata', async () => {
    await using orphan = await storeBackups([leaf, middle]);
    await expect(orphan.open(leaf)).rejects.toMatchObject({ fault: { code: 'parent_missing' } });

    await using broken = await storeBackups(chain);
    await broken.buckets.put(testBucket, [[`${middle.imagePath}_metadata`, '{"version": "1.0.0", ']]);
    await expect(broken.open(leaf)).rejects.toMatchObject({ fault: { code: 'metadata_unreadable' } });
    await broken.buckets.remove(testBucket, `${middle.imagePath}_metadata`);
    await expect(broken.open(leaf)).rejects.toMatchObject({ fault: { code: 'incomplete' } });

    await using hashless = await storeBackups(chain);
    await hashless.buckets.put(testBucket, [[`${full.imagePath}_sha256file`, '[]']]);
    await expect(hashless.open(leaf)).rejects.toMatchObject({ fault: { code: 'metadata_unreadable' } });

    const itsOwnChild = writeCinderBackup({ ...full.plan, parent: leaf });
    await using circle = await storeBackups([itsOwnChild, middle, leaf]);
    await expect(circle.open(leaf)).rejects.toMatchObject({ fault: { code: 'cycle' } });

    await using stored = await storeBackups(chain);
    const opened = await openChain(chainContext(stored.storage, testBucket, [leaf.imagePath]));
    const item = { ...syncItemOf(leaf, testBucket), resource_id: 'another' };
    await expect(opened.openData(item)).rejects.toMatchObject({ fault: { code: 'identity_mismatch' } });
  });
});
