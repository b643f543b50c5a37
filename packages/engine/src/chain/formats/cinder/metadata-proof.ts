import { quote } from '../../../quote.ts';
import { formRemark } from '../../../unicode-form.ts';
import type { ChainContext } from '../../chain-context.ts';
import { oneAhead } from '../../one-ahead.ts';
import { isOfAccess } from '../../proof/lasting-fault.ts';
import type { Fault } from '../../proof/link.ts';
import { provableObjectsMax } from '../../proof/object-bound.ts';
import type { Finding } from '../../proof/proved-link.ts';
import { ReadFault, readListedObject } from '../../proof/read-fault.ts';
import { unreadableMetadata } from '../../proof/young-metadata.ts';
import type { EtagComparison } from './etag-comparison.ts';
import type { CinderLink } from './link-listing.ts';
import { type CinderMetadata, type MetadataReading, readMetadata } from './metadata.ts';

/** The only version of the format that exists. */
const formatVersion = '1.0.0';

type Unread = { readonly kind: 'unread'; readonly finding: Finding<CinderLink> };

/** Reads the commit mark of a link. The MD5s that it names are kept or, with `etags`, compared. */
export async function readMetadataOf(
  context: ChainContext,
  link: CinderLink,
  etags: EtagComparison | null,
): Promise<MetadataReading | Unread> {
  const { metadata } = link;
  if (metadata === null) {
    const fault: Fault = { code: 'incomplete', detail: `${link.imagePath}_metadata is not there` };
    return { kind: 'unread', finding: { fault, suspect: link } };
  }
  const request = { bucket: link.bucketName, key: metadata.key, signal: context.signal, readsThrough: true };
  try {
    const bytes = await readListedObject(context.storage, request, metadata);
    // One more object than was listed is enough to show that objects are missing.
    const objectsMax = Math.min(link.dataObjectCount + 1, provableObjectsMax);
    return await readMetadata(oneAhead(bytes), link.objectName, objectsMax, etags);
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error;
    const level = isOfAccess(error.fault.code) ? 'presence' : null;
    return { kind: 'unread', finding: { level, fault: error.fault, suspect: error.looksMissing ? link : null } };
  }
}

export function unreadableFault(
  reading: Extract<MetadataReading, { kind: 'unreadable' }>,
  { metadata, imagePath }: CinderLink,
  nowMs: number,
): Fault {
  const { version, truncated } = reading;
  const detail = `${imagePath}_metadata: ${reading.detail}`;
  if (version !== null && version !== formatVersion) return versionFault(version, `${imagePath}_metadata`);
  return unreadableMetadata({ detail, truncated }, metadata, nowMs);
}

/** Checks that the metadata has the known version and belongs to its own key. Null if so. */
export function findDisagreement(metadata: CinderMetadata, link: CinderLink): Fault | null {
  const place = `${link.imagePath}_metadata`;
  if (metadata.version !== formatVersion) return versionFault(metadata.version, place);
  const { backupId, volumeId, foreignName } = metadata;
  if (backupId !== link.backupId) return mismatch(`${place} has backup_id ${quote(backupId)}`);
  if (link.volumeId !== null && volumeId !== link.volumeId)
    return mismatch(`${place} has volume_id ${quote(volumeId)}`);
  if (foreignName !== null) {
    const remark = formRemark(foreignName.slice(0, foreignName.lastIndexOf('-')), link.imagePath);
    return mismatch(`${place} names ${quote(foreignName)}, which is at another image path${remark}`);
  }
  // Increments and block hashes came in the same release: only files older than both lack `parent_id`.
  if (metadata.parentId === undefined && link.hashFile !== null) {
    return {
      code: 'metadata_unreadable',
      detail: `${place} has no parent_id, although there is a ${link.hashFile.key}`,
    };
  }
  return null;
}

function versionFault(version: string, place: string): Fault {
  return { code: 'version_unsupported', detail: `${place} has version ${quote(version)}` };
}

function mismatch(detail: string): Fault {
  return { code: 'identity_mismatch', detail };
}
