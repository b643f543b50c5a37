import type { ChainExaminer, FormatContext } from '../../format.ts';
import { ListingDigest } from '../../listing-digest.ts';
import type { EdgeProof, Examination, Fault } from '../../proof/link.ts';
import { findRefusal, minioRefusal } from './find-refusal.ts';

/** Rises when a place that was accepted before would be refused now. */
export const checkVersion = 'unknown/2';

const limit = 'no known backup format lies at the image path: that something is there is all that can be said';

/** Backups in formats that are not recognised: presence, from one listing of each image path. */
export function openUnknownChain(context: FormatContext): ChainExaminer {
  return {
    // What the bytes mean is not known.
    async openData() {
      return null;
    },

    async examine(item) {
      const { bucketName, listings } = context;
      const place = await listings.at(bucketName, item.image_path);
      if (place === null && !listings.isMinioPath(item.image_path)) return null;
      const listing = place?.listing ?? new ListingDigest().finish();
      const proof: EdgeProof = {
        backupId: item.backup_id,
        location: {
          storageUnitId: context.storage.id,
          bucketName,
          imagePath: item.image_path,
        },
        listing,
        contentId: listing.fingerprint,
        parentBackupId: null,
        parentListingDigest: null,
        level: 'presence',
        fault: null,
        limit,
        remark: null,
        volumeBytes: null,
        formatTime: null,
        checkVersion,
        verifiedAtMs: context.nowMs(),
        metadataObjects: [],
      };
      const [earlier] = await context.findProofs([item.backup_id]);
      if (earlier !== undefined && stillHolds(earlier, proof)) return examinationOf(earlier, []);
      const refusal =
        place === null ? minioRefusal(`${bucketName}/${item.image_path}`) : await findRefusal(context, place);
      if (refusal !== null) return refused(proof, refusal);
      return examinationOf(proof, [proof]);
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

/** Nothing is proved: the request names a place that is no backup. */
function refused(proof: EdgeProof, fault: Fault): Examination {
  return {
    ...examinationOf({ ...proof, contentId: null, level: null, fault, limit: null }, []),
    contradictsRequest: true,
  };
}

function examinationOf(proof: EdgeProof, newProofs: readonly EdgeProof[]): Examination {
  const { listing, contentId, level, fault, parentBackupId, volumeBytes, verifiedAtMs } = proof;
  return {
    format: 'unknown',
    listing,
    shared: null,
    contentId,
    level,
    fault,
    contradictsRequest: false,
    limit,
    remark: null,
    parentBackupId,
    missingParentId: null,
    ancestors: [],
    incremental: null,
    volumeBytes,
    formatTime: null,
    parentFormatTime: null,
    verifiedAtMs,
    checkVersion,
    newProofs,
    unreadHashes: [],
    awaitingData: [],
  };
}
