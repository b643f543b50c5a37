import { createHash } from 'node:crypto';
import type { ObjectEntry } from '../../storage/port.ts';
import type { ChainContext } from '../examiner.ts';
import type { Listing } from '../link.ts';
import { ListingDigest } from '../listing-digest.ts';
import { folderLinksMax, refuseBeyond } from '../object-bound.ts';
import { checksumOfBlockKey } from './backup-path.ts';
import { ListedBlocks } from './block-map.ts';

/** The folder of one volume, as one listing shows it: its backups share the blocks. */
export type VolumeListing = {
  readonly volumeFolder: string;
  /** `volume.cfg`; null where it is not there. */
  readonly volumeCfg: ObjectEntry | null;
  /** What lies in `backups/`, by key. */
  readonly backupCfgs: ReadonlyMap<string, ObjectEntry>;
  readonly blocks: ListedBlocks;
  /** Of all blocks and `volume.cfg`. */
  readonly shared: Listing;
};

/** Blocks that are kept of the listing of a volume, at most: 32 TiB of them, and some 45 bytes of memory each. */
const blocksMax = 16_000_000;

/**
 * Lists the folder of a volume. Locks and unfinished files are passed over. Throws what storage throws, and
 * `listing_too_large`.
 */
export async function listVolume(
  { storage, bucketName, signal }: ChainContext,
  volumeFolder: string,
  max = { blocks: blocksMax, backups: folderLinksMax },
): Promise<VolumeListing> {
  const backupCfgs = new Map<string, ObjectEntry>();
  const blocks = new ListedBlocks();
  const digest = new ListingDigest();
  let volumeCfg: ObjectEntry | null = null;
  for await (const page of storage.list({ bucket: bucketName, prefix: volumeFolder, signal })) {
    for (const entry of page) {
      const relativeKey = entry.key.slice(volumeFolder.length);
      const checksum = checksumOfBlockKey(relativeKey);
      if (checksum !== null) blocks.add(checksum, entry.size);
      else if (relativeKey === 'volume.cfg') volumeCfg = entry;
      else {
        if (relativeKey.startsWith('backups/')) backupCfgs.set(entry.key, entry);
        continue;
      }
      digest.add(relativeKey, entry);
    }
    refuseBeyond(max.blocks, blocks.count, `blocks of ${volumeFolder}`);
    refuseBeyond(max.backups, backupCfgs.size, `objects in ${volumeFolder}backups/`);
  }
  return { volumeFolder, volumeCfg, backupCfgs, blocks, shared: digest.finish() };
}

/** What a listing shows of one backup, `named` being its blocks as far as its cfg could be read. */
export function listingOf(
  { shared }: VolumeListing,
  cfg: ObjectEntry,
  named: { readonly count: number; readonly storedBytes: number },
): Listing {
  return {
    digest: digestOf([cfg.size, cfg.etag, cfg.modifiedAtMs, shared.digest]),
    fingerprint: digestOf([cfg.size, cfg.etag, shared.fingerprint]),
    objectCount: 1 + named.count,
    storedBytes: cfg.size + named.storedBytes,
    newestObjectAtMs: Math.max(cfg.modifiedAtMs, shared.newestObjectAtMs ?? cfg.modifiedAtMs),
  };
}

function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
