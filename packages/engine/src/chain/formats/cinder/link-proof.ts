import type { ObjectEntry } from '../../../storage/port.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { Check } from '../../proof/check-version.ts';
import { endOfInventory, type InventoryProof } from '../../proof/etags/settle-etags.ts';
import { tooManyObjectsForm, wholeForm } from '../../proof/form.ts';
import type { Form } from '../../proof/link.ts';
import { tooManyObjects } from '../../proof/object-bound.ts';
import { ListedObjects } from '../../proof/object-columns.ts';
import { concludeEdge, type Finding, type ProvedLink } from '../../proof/proved-link.ts';
import { cinderTimeOf } from './describe.ts';
import { EtagComparison } from './etag-comparison.ts';
import { proveInventory } from './inventory-proof.ts';
import type { CinderLink } from './link-listing.ts';
import { proveLinkage } from './linkage-proof.ts';
import type { CinderMetadata } from './metadata.ts';
import { findDisagreement, readMetadataOf, unreadableFault } from './metadata-proof.ts';
import { chooseParent } from './parent-choice.ts';
import type { ProofTools } from './proof-tools.ts';

/** Raise the version when an old proof would come out differently today. */
export const cinderCheck: Check = {
  version: 'cinder/3',
  reusable: ['cinder/2'],
  judgedByEtag: ['cinder/1', 'cinder/2'],
};

/** The edge as far as it is known when a step ends the proof. */
type Known = {
  readonly metadata: CinderMetadata | null;
  readonly parent: CinderLink | null;
  /** The metadata objects that were read so far. */
  readonly read: readonly (ObjectEntry | null)[];
  /** Null if the metadata could not be read, or the parent was not found. */
  readonly form?: Form;
  readonly inventory?: InventoryProof<CinderLink>;
};

/**
 * Proves one link as far as possible without reading data. The link's objects must have been kept from its listing,
 * unless they are too many to prove. Throws storage errors.
 */
export async function proveLink(tools: ProofTools, link: CinderLink): Promise<ProvedLink<CinderLink>> {
  const { context, folders } = tools;
  const listed = folders.objectsOf(link);
  // A link that was just listed has no objects only if they are too many to compare. Then none of its metadata is kept
  // either.
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
  const inventory =
    listed === null
      ? endOfInventory<CinderLink>({ fault: null, limit })
      : await proveInventory(context, link, listed, metadata);
  const { end } = inventory;
  const choice = await chooseParent(tools, link, metadata, async (parent) => {
    if (end === null) return await proveLinkage(tools, link, parent, metadata);
    // A plan reports everything that would be read.
    if (end.unreadHashes === undefined) return end;
    const { unreadHashes = [] } = await proveLinkage(tools, link, parent, metadata);
    return { ...end, unreadHashes: [...end.unreadHashes, ...unreadHashes] };
  });
  const known: Known = { metadata, parent: null, read, inventory };
  if (choice.kind === 'not found') return conclude(context, link, known, choice.finding);
  const { parent, edge } = choice;
  const form = listed === null ? tooManyObjectsForm : formOf(link, parent);
  if (end !== null) return conclude(context, link, { ...known, parent, form }, { level: 'metadata', ...edge });
  const readInTheEnd = edge.unreadHashes === undefined ? [...read, link.hashFile, parent?.hashFile ?? null] : read;
  return conclude(context, link, { ...known, parent, form, read: readInTheEnd }, { level: 'inventory', ...edge });
}

/** Without the block hashes of both, nothing shows which blocks the link must store. */
function formOf(link: CinderLink, parent: CinderLink | null): Form {
  const hasHashes = link.hashFile !== null && (parent === null || parent.hashFile !== null);
  return hasHashes ? wholeForm : { ceiling: 'inventory', gaps: ['no_block_hashes'] };
}

function conclude(
  context: ChainContext,
  link: CinderLink,
  { metadata, parent, read, form, inventory }: Known,
  finding: Finding<CinderLink>,
): ProvedLink<CinderLink> {
  const { remark = null, awaitsData = false } = inventory ?? {};
  return concludeEdge(
    context,
    {
      link,
      listing: link.listing,
      shared: null,
      parent,
      contentId: metadata?.contentId ?? null,
      parentBackupId: metadata?.parentId ?? null,
      form: form ?? null,
      formatTime: cinderTimeOf(metadata?.createdAt ?? null, link.imagePath),
      checkVersion: cinderCheck.version,
      read,
      remark,
      awaitsData,
    },
    finding,
  );
}
