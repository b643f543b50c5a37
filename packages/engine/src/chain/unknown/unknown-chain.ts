import type { ChainContext } from '../examiner.ts';
import type { FormatChain } from '../format.ts';
import type { EdgeProof, Examination, Listing } from '../link.ts';
import { ListingDigest } from '../listing-digest.ts';

const checkVersion = 'unknown/1';

const limit = 'no known backup format lies at the image path: that something is there is all that can be said';

/** Backups in formats that are not recognised: presence, from one listing of each image path. */
export function openUnknownChain(context: ChainContext): FormatChain & { prepare(): Promise<void> } {
  const listings = new Map<string, Promise<Listing | null>>();

  function listingOf(imagePath: string): Promise<Listing | null> {
    const listed = listings.get(imagePath) ?? listImagePath(context, imagePath);
    listings.set(imagePath, listed);
    return listed;
  }

  return {
    async prepare() {
      for (const imagePath of context.imagePaths) await listingOf(imagePath);
    },

    async examine(item) {
      const listing = await listingOf(item.image_path);
      if (listing === null) return null;
      const proof: EdgeProof = {
        backupId: item.backup_id,
        location: {
          storageUnitId: context.storage.id,
          bucketName: context.bucketName,
          imagePath: item.image_path,
        },
        listing,
        contentId: listing.fingerprint,
        parentBackupId: null,
        parentListingDigest: null,
        level: 'presence',
        fault: null,
        limit,
        volumeBytes: null,
        checkVersion,
        verifiedAtMs: context.nowMs(),
        metadataObjects: [],
      };
      const [earlier] = await context.findProofs([item.backup_id]);
      return earlier !== undefined && stillHolds(earlier, proof)
        ? examinationOf(earlier, [])
        : examinationOf(proof, [proof]);
    },
  };
}

/** Made by the same check, of the same listing at the same place. */
function stillHolds(earlier: EdgeProof, now: EdgeProof): boolean {
  return (
    earlier.checkVersion === checkVersion &&
    earlier.listing.digest === now.listing.digest &&
    earlier.location.storageUnitId === now.location.storageUnitId &&
    earlier.location.bucketName === now.location.bucketName &&
    earlier.location.imagePath === now.location.imagePath
  );
}

function examinationOf(proof: EdgeProof, newProofs: readonly EdgeProof[]): Examination {
  const { listing, contentId, level, fault, parentBackupId, volumeBytes, verifiedAtMs } = proof;
  return {
    format: 'unknown',
    listing,
    contentId,
    level,
    fault,
    contradictsRequest: false,
    limit,
    parentBackupId,
    ancestors: [],
    incremental: null,
    volumeBytes,
    verifiedAtMs,
    checkVersion,
    newProofs,
    unreadHashes: [],
  };
}

/** The object of that very key, and the keys below it: never a bare prefix, `a/b` is not `a/bc`. */
async function listImagePath(context: ChainContext, imagePath: string): Promise<Listing | null> {
  const { storage, bucketName, signal } = context;
  const digest = new ListingDigest();
  let isEmpty = true;
  listing: for await (const page of storage.list({ bucket: bucketName, prefix: imagePath, signal })) {
    for (const entry of page) {
      const relativeKey = entry.key.slice(imagePath.length);
      // Keys are sorted by their bytes: behind "/" comes nothing that is part of this backup.
      if (relativeKey !== '' && relativeKey.charAt(0) > '/') break listing;
      if (relativeKey !== '' && !relativeKey.startsWith('/')) continue;
      digest.add(relativeKey, entry);
      isEmpty = false;
    }
  }
  return isEmpty ? null : digest.finish();
}
