import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { Listing, SharedListing } from '../../proof/link.ts';
import { folderLinksMax, refuseBeyond } from '../../proof/object-bound.ts';
import { digestOfEntry, SharedObjects } from '../../shared-objects.ts';
import type { BackupCfg } from './backup-cfg.ts';
import { checksumOfBlockKey } from './backup-path.ts';
import { ListedBlocks } from './block-map.ts';

/** `volume.cfg`, relative to the volume's folder. */
export const volumeCfgName = 'volume.cfg';

/** The folder of one volume, from one listing. Its backups share the blocks. */
export type VolumeListing = {
  readonly volumeFolder: string;
  /** `volume.cfg`; null if it is not there. */
  readonly volumeCfg: ObjectEntry | null;
  /** The objects in `backups/`, by key. */
  readonly backupCfgs: ReadonlyMap<string, ObjectEntry>;
  readonly blocks: ListedBlocks;
  /** The same blocks, as sets by age. */
  readonly shared: SharedObjects;
};

/** Maximum number of blocks kept from the listing of a volume: 32 TiB of data, at some 65 bytes of memory each. */
const blocksMax = 16_000_000;

/**
 * Lists the folder of a volume. Locks and unfinished files are ignored. `timesMs` are the ages of the recorded sets of
 * blocks. Throws storage errors, and `listing_too_large`.
 */
export async function listVolume(
  { storage, bucketName, signal }: ChainContext,
  volumeFolder: string,
  timesMs: Iterable<number>,
  max = { blocks: blocksMax, backups: folderLinksMax },
): Promise<VolumeListing> {
  const backupCfgs = new Map<string, ObjectEntry>();
  const blocks = new ListedBlocks();
  const shared = new SharedObjects(timesMs);
  let volumeCfg: ObjectEntry | null = null;
  for await (const page of storage.list({ bucket: bucketName, prefix: volumeFolder, signal })) {
    for (const entry of page) {
      const relativeKey = entry.key.slice(volumeFolder.length);
      const checksum = checksumOfBlockKey(relativeKey);
      if (checksum !== null) {
        const entryDigest = digestOfEntry(relativeKey, entry);
        blocks.add(checksum, entryDigest, entry);
        shared.add(entryDigest, entry.modifiedAtMs);
      } else if (relativeKey === volumeCfgName) volumeCfg = entry;
      else if (relativeKey.startsWith('backups/')) backupCfgs.set(entry.key, entry);
    }
    refuseBeyond(max.blocks, blocks.count, `blocks of ${volumeFolder}`);
    refuseBeyond(max.backups, backupCfgs.size, `objects in ${volumeFolder}backups/`);
  }
  return { volumeFolder, volumeCfg, backupCfgs, blocks, shared };
}

/** The listing of one backup: its cfg and the blocks that the cfg names. Without a readable cfg, no blocks. */
export function listingOf({ blocks: listed }: VolumeListing, entry: ObjectEntry, cfg: BackupCfg | null): Listing {
  const isCounted = new Uint8Array(listed.count);
  const named = createHash('sha256');
  let [objectCount, storedBytes, newestObjectAtMs] = [1, entry.size, entry.modifiedAtMs];
  for (let row = 0; cfg !== null && row < cfg.blocks.count; row += 1) {
    const listedRow = listed.rowOf(cfg.blocks.checksums.at(row) ?? new Uint8Array());
    if (listedRow === null || isCounted[listedRow] === 1) continue;
    isCounted[listedRow] = 1;
    objectCount += 1;
    storedBytes += listed.sizeAt(listedRow);
    newestObjectAtMs = Math.max(newestObjectAtMs, listed.modifiedAtMs(listedRow));
    named.update(listed.entryDigests.at(listedRow) ?? new Uint8Array());
  }
  const blocksDigest = named.digest('hex');
  return {
    digest: digestOf([entry.size, entry.etag, entry.modifiedAtMs, blocksDigest]),
    fingerprint: digestOf([entry.size, entry.etag, blocksDigest]),
    objectCount,
    storedBytes,
    newestObjectAtMs,
  };
}

/** The listing of the objects that a backup shares with the others of its volume. */
export function sharedListingOf({ shared, volumeCfg }: VolumeListing, entry: ObjectEntry): SharedListing {
  return {
    own: digestOfObject(entry),
    index: volumeCfg === null ? null : digestOfObject(volumeCfg),
    ...shared.all(),
    newestObjectAtMs: shared.newestMs,
  };
}

/** The digest of a listed object, hex. */
export function digestOfObject(entry: ObjectEntry): string {
  return Buffer.from(digestOfEntry(entry.key, entry)).toString('hex');
}

function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
