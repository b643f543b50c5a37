import { printable } from '../../../quote.ts';
import type { ObjectEntry } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { EdgeProof, UnreadObject } from '../../proof/link.ts';
import { tooManyObjects } from '../../proof/object-bound.ts';
import { ListedObjects } from '../../proof/object-columns.ts';
import { cinderTimeOf } from './describe.ts';
import { EtagComparison } from './etag-comparison.ts';
import { endOfInventory, type Inventory, proveInventory } from './inventory-proof.ts';
import type { CinderLink } from './link-listing.ts';
import { proveLinkage } from './linkage-proof.ts';
import type { CinderMetadata } from './metadata.ts';
import { findDisagreement, readMetadataOf, unreadableFault } from './metadata-proof.ts';
import { chooseParent } from './parent-choice.ts';
import type { Finding, ProofTools } from './proof-step.ts';

/** Rises when a proof of old would come out otherwise now. */
export const checkVersion = 'cinder/3';

/** Versions whose recorded proofs still count, except those that `superseded-proof.ts` names. */
export const reusableVersions: ReadonlySet<string> = new Set(['cinder/2', checkVersion]);

/** One link proved against its parent, as it was listed last. `parent` is null for a full, and where none was found. */
export type ProvedLink = {
  readonly link: CinderLink;
  readonly parent: CinderLink | null;
  readonly proof: EdgeProof;
  /** The block hashes that were too many bytes to be read; empty where none were. */
  readonly unreadHashes: readonly UnreadObject[];
  /** The proof holds only if the data of the link is right, which is still to be read. */
  readonly awaitsData: boolean;
};

/** What has been learnt of the edge when a step ends the proof. */
type Known = {
  readonly metadata: CinderMetadata | null;
  readonly parent: CinderLink | null;
  /** The metadata objects that were read so far. */
  readonly read: readonly (ObjectEntry | null)[];
  readonly inventory?: Inventory;
};

type Attempt = ProvedLink & { readonly suspect: CinderLink | null };

/** Proves one link as far as it goes without reading data. Null where nothing of it is left in the bucket. */
export async function proveLink(tools: ProofTools, listed: CinderLink): Promise<ProvedLink | null> {
  const { folders } = tools;
  const link = folders.objectsOf(listed) === null ? await folders.listLinkAgain(listed) : listed;
  if (link === null) return null;
  const first = await attempt(tools, link);
  if (first.suspect === null) return first;
  const fresh = await folders.listLinkAgain(first.suspect);
  if (first.suspect !== link) return await attempt(tools, link);
  if (fresh === null) return null;
  return fresh.listing.digest === link.listing.digest ? first : await attempt(tools, fresh);
}

async function attempt(tools: ProofTools, link: CinderLink): Promise<Attempt> {
  const { context, folders } = tools;
  const listed = folders.objectsOf(link);
  // Just listed, a link without is one with more than are held against a listing: of its metadata none are kept either.
  const reading = await readMetadataOf(context, link, new EtagComparison(listed ?? new ListedObjects()));
  if (reading.kind === 'unread')
    return conclude(context, link, { metadata: null, parent: null, read: [] }, reading.finding);
  const read = [link.metadata];
  if (reading.kind === 'unreadable') {
    const fault = unreadableFault(reading, link, context.nowMs());
    return conclude(context, link, { metadata: null, parent: null, read }, { fault });
  }
  const { metadata } = reading;
  const disagreement = findDisagreement(metadata, link);
  if (disagreement !== null) return conclude(context, link, { metadata, parent: null, read }, { fault: disagreement });
  const limit = tooManyObjects(link.imagePath, link.dataObjectCount);
  const inventory = listed === null ? endOfInventory({ limit }) : await proveInventory(context, link, listed, metadata);
  const { end } = inventory;
  const choice = await chooseParent(tools, link, metadata, async (parent) => {
    if (end === null) return await proveLinkage(tools, link, parent, metadata);
    // A plan says all that would be read.
    if (end.unreadHashes === undefined) return end;
    const { unreadHashes = [] } = await proveLinkage(tools, link, parent, metadata);
    return { ...end, unreadHashes: [...end.unreadHashes, ...unreadHashes] };
  });
  const known: Known = { metadata, parent: null, read, inventory };
  if (choice.kind === 'not found') return conclude(context, link, known, choice.finding);
  const { parent, edge } = choice;
  if (end !== null) return conclude(context, link, { ...known, parent }, { level: 'metadata', ...edge });
  const readInTheEnd = edge.unreadHashes === undefined ? [...read, link.hashFile, parent?.hashFile ?? null] : read;
  return conclude(context, link, { ...known, parent, read: readInTheEnd }, { level: 'inventory', ...edge });
}

function conclude(context: ChainContext, link: CinderLink, known: Known, finding: Finding): Attempt {
  const { metadata, parent, read, inventory } = known;
  const { remark = null, awaitsData = false } = inventory ?? {};
  const { suspect = null, level = null, fault = null, limit = null, volumeBytes = null, unreadHashes = [] } = finding;
  const proof: EdgeProof = {
    backupId: link.backupId,
    location: { storageUnitId: context.storage.id, bucketName: link.bucketName, imagePath: link.imagePath },
    listing: link.listing,
    contentId: metadata?.contentId ?? null,
    parentBackupId: metadata?.parentId ?? null,
    parentListingDigest: parent?.listing.digest ?? null,
    level,
    fault: fault === null ? null : { code: fault.code, detail: printable(fault.detail) },
    limit: limit === null ? null : printable(limit),
    remark: remark === null ? null : printable(remark),
    volumeBytes,
    formatTime: cinderTimeOf(metadata?.createdAt ?? null, link.imagePath),
    checkVersion,
    verifiedAtMs: context.nowMs(),
    metadataObjects: read
      .filter((entry) => entry !== null)
      .map(({ key, etag, size, modifiedAtMs }) => ({ key, etag, size, modifiedAtMs })),
  };
  return { link, parent, proof, unreadHashes, awaitsData, suspect };
}
