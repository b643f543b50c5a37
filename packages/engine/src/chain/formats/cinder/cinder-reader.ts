import { quote } from '../../../quote.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { ChainData, LinkData } from '../../data.ts';
import type { LinkReader, ReadLink } from '../../proof/data-walk.ts';
import type { Fault } from '../../proof/link.ts';
import { tooManyObjects } from '../../proof/object-bound.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { batchesOf, type LinkObjects, openBlocks, volumeBytesOf } from './cinder-data.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import { findDisagreement, readMetadataOf, unreadableFault } from './metadata-proof.ts';
import type { ProofTools } from './proof-tools.ts';

/**
 * Maximum number of a chain's objects kept in memory until they are needed. Objects of further links are read again.
 */
const keptObjectsMax = 2_000_000;

/** Reads which objects the backups of one volume consist of. */
export class CinderReader implements LinkReader<CinderLink, LinkObjects> {
  readonly #tools: ProofTools;
  readonly #keptMax: number;

  constructor(tools: ProofTools, keptMax = keptObjectsMax) {
    this.#tools = tools;
    this.#keptMax = keptMax;
  }

  async read(link: CinderLink, child: LinkObjects | null): Promise<LinkObjects> {
    const objects = await readObjects(this.#tools, link);
    const { volumeId } = objects.metadata;
    if (child === null || volumeId === child.metadata.volumeId) return objects;
    throw fault('parent_broken', `${link.imagePath}_metadata has volume_id ${quote(volumeId)}`);
  }

  parentIdOf({ metadata }: LinkObjects): string | null {
    return metadata.parentId ?? null;
  }

  /**
   * Finds the parent's candidates. Among those seen at a time, the one that the recorded proof was made with comes
   * first.
   */
  async *parentsOf(link: CinderLink, { metadata }: LinkObjects): AsyncGenerator<CinderLink> {
    const { context, folders } = this.#tools;
    const [proof] = await context.findProofs([link.backupId]);
    const isProved = ({ listing }: CinderLink) => Number(listing.digest === proof?.parentListingDigest);
    for await (const candidates of folders.parentsOf(link, metadata.parentId ?? '')) {
      yield* candidates.toSorted((one, other) => isProved(other) - isProved(one));
    }
  }

  async open(links: readonly ReadLink<CinderLink, LinkObjects>[]): Promise<ChainData> {
    const opened: LinkData[] = [];
    let keptObjects = 0;
    for (const { link, read } of links) {
      const { backupId, bucketName, imagePath, hashFile } = link;
      const { objects } = read.metadata;
      keptObjects += objects.count;
      const kept = keptObjects <= this.#keptMax ? read : null;
      const blocks = hashFile === null ? null : await openBlocks(this.#tools.hashLists, link);
      opened.push({
        backupId,
        location: { storageUnitId: this.#tools.context.storage.id, bucketName, imagePath },
        objects: () => batchesOf(imagePath, async () => kept ?? (await readObjects(this.#tools, link))),
        blocks,
        volumeBytes: volumeBytesOf(objects, blocks, opened.at(-1)?.volumeBytes ?? null),
      });
    }
    return { links: opened };
  }
}

async function readObjects(tools: ProofTools, link: CinderLink): Promise<LinkObjects> {
  const { context, folders } = tools;
  const metadata = await readMetadataOrThrow(context, link);
  let listed = folders.objectsOf(link);
  if (listed === null) {
    const fresh = await folders.listLinkAgain(link);
    if (fresh === null) throw fault('changed_while_read', `${link.imagePath} has vanished since it was listed`);
    if (fresh.listing.digest !== link.listing.digest) {
      throw fault('changed_while_read', `${link.imagePath} has changed since it was listed`);
    }
    listed = folders.objectsOf(fresh);
    folders.releaseObjects(fresh);
  }
  // A link that was just listed has no objects only if they were too many to keep.
  if (listed === null) throw fault('metadata_unreadable', tooManyObjects(link.imagePath, link.dataObjectCount));
  return { metadata, listed };
}

async function readMetadataOrThrow(context: ChainContext, link: CinderLink): Promise<CinderMetadata> {
  const reading = await readMetadataOf(context, link, null);
  if (reading.kind === 'unread') {
    const { fault: found, suspect } = reading.finding;
    throw new ReadFault(found ?? { code: 'metadata_unreadable', detail: link.imagePath }, suspect != null);
  }
  if (reading.kind === 'unreadable') throw new ReadFault(unreadableFault(reading, link, context.nowMs()), false);
  const disagreement = findDisagreement(reading.metadata, link);
  if (disagreement !== null) throw new ReadFault(disagreement, false);
  return reading.metadata;
}

function fault(code: Fault['code'], detail: string): ReadFault {
  return new ReadFault({ code, detail }, false);
}
