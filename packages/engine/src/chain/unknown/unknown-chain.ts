import type { FormatContext } from '../examiner.ts';
import type { FormatChain } from '../format.ts';
import type { EdgeProof, Examination } from '../link.ts';

const checkVersion = 'unknown/1';

const limit = 'no known backup format lies at the image path: that something is there is all that can be said';

/** Backups in formats that are not recognised: presence, from one listing of each image path. */
export function openUnknownChain(context: FormatContext): FormatChain {
  return {
    // What the bytes mean is not known.
    async openData() {
      return null;
    },

    async examine(item) {
      const listing = (await context.listings.at(context.bucketName, item.image_path))?.listing ?? null;
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
        formatTime: null,
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
    formatTime: null,
    parentFormatTime: null,
    verifiedAtMs,
    checkVersion,
    newProofs,
    unreadHashes: [],
  };
}
