import { quote } from '../../../quote.ts';
import type { ChainContext } from '../../chain-context.ts';
import type { BlockHashes, ChainData, Compression, LinkData, StoredObject } from '../../data.ts';
import { HashFileFault, type HashFileHeader } from '../../proof/hash-file.ts';
import type { Fault, Location } from '../../proof/link.ts';
import { tooManyObjects } from '../../proof/object-bound.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { HashLists } from './hash-lists.ts';
import { objectSuffix } from './image-path.ts';
import { isOfEarlyWriter } from './inventory-proof.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import { findDisagreement, readMetadataOf, unreadableFault } from './metadata-proof.ts';
import type { CinderCompression } from './named-objects.ts';
import type { ProofTools } from './proof-step.ts';

/** Objects of a chain kept in memory until they are asked for; those of links beyond are read again. */
const keptObjectsMax = 2_000_000;
const batchObjects = 1000;

/** A link's objects: as the metadata names them, and as they were listed. */
type LinkObjects = { readonly metadata: CinderMetadata; readonly listed: ListedObjects };

type ReadLink = { readonly link: CinderLink; readonly objects: LinkObjects };

/** What is stored of a link and its ancestors. Throws `ReadFault` where the metadata does not allow it. */
export async function openCinderData(
  tools: ProofTools,
  leaf: CinderLink,
  keptMax = keptObjectsMax,
): Promise<ChainData> {
  const links: ReadLink[] = [];
  let next: ReadLink | null = { link: leaf, objects: await readObjects(tools, leaf) };
  while (next !== null) {
    links.push(next);
    next = await readParent(tools, next, links);
  }
  const opened: CinderLinkData[] = [];
  let keptObjects = 0;
  for (const { link, objects } of links.reverse()) {
    keptObjects += objects.metadata.objects.count;
    const kept = keptObjects <= keptMax ? objects : null;
    opened.push(await openLink(tools, link, objects, kept, opened.at(-1) ?? null));
  }
  return { links: opened };
}

async function openLink(
  tools: ProofTools,
  link: CinderLink,
  { metadata: { objects } }: LinkObjects,
  kept: LinkObjects | null,
  parent: CinderLinkData | null,
): Promise<CinderLinkData> {
  const blocks = link.hashFile === null ? null : await openBlocks(tools.hashLists, link);
  const lastRow = objects.rowAt(objects.count - 1);
  const end = objects.count === 0 ? 0 : objects.offsetAt(lastRow) + objects.lengthAt(lastRow);
  return new CinderLinkData(tools, link, kept, blocks, volumeBytesOf(end, blocks, parent?.volumeBytes ?? null));
}

/** The last block is stored, or as long as the parent's was, or, where the volume has become shorter, whole. */
function volumeBytesOf(end: number, blocks: CinderBlocks | null, parentBytes: number | null): number {
  if (blocks === null) return Math.max(end, parentBytes ?? 0);
  const { bytes, count } = blocks;
  if (Math.ceil(end / bytes) === count) return end;
  return parentBytes !== null && Math.ceil(parentBytes / bytes) === count ? parentBytes : count * bytes;
}

type CinderBlocks = BlockHashes & { readonly count: number };

/** Reads the hash file to its end, for its header: how many hashes there are stands nowhere. */
async function openBlocks(hashLists: HashLists, link: CinderLink): Promise<CinderBlocks> {
  async function* parts(): AsyncGenerator<Uint8Array | HashFileHeader> {
    try {
      yield* hashLists.open(link);
    } catch (error) {
      if (!(error instanceof HashFileFault)) throw error;
      throw fault('metadata_unreadable', `${link.imagePath}_sha256file: ${error.message}`);
    }
  }
  async function* hashes(): AsyncGenerator<Uint8Array> {
    for await (const part of parts()) if (part instanceof Uint8Array) yield new Uint8Array(part);
  }
  let header: HashFileHeader | null = null;
  for await (const part of parts()) if (!(part instanceof Uint8Array)) header = part;
  if (header === null) throw new TypeError('a hash list ends with its header');
  return { bytes: header.blockBytes, count: header.hashCount, hashes };
}

class CinderLinkData implements LinkData {
  readonly backupId: string;
  readonly location: Location;
  readonly blocks: BlockHashes | null;
  readonly volumeBytes: number;
  readonly #tools: ProofTools;
  readonly #link: CinderLink;
  readonly #kept: LinkObjects | null;

  constructor(
    tools: ProofTools,
    link: CinderLink,
    kept: LinkObjects | null,
    blocks: BlockHashes | null,
    volumeBytes: number,
  ) {
    const { bucketName, imagePath, backupId } = link;
    this.#tools = tools;
    this.#link = link;
    this.#kept = kept;
    this.backupId = backupId;
    this.location = { storageUnitId: tools.context.storage.id, bucketName, imagePath };
    this.blocks = blocks;
    this.volumeBytes = volumeBytes;
  }

  async *objects(): AsyncGenerator<readonly StoredObject[]> {
    const objects = this.#kept ?? (await readObjects(this.#tools, this.#link));
    const { count } = objects.metadata.objects;
    const toObject = storedObjects(this.#link.imagePath, objects);
    for (let from = 0; from < count; from += batchObjects) {
      const batch: StoredObject[] = [];
      for (let place = from; place < Math.min(count, from + batchObjects); place += 1) batch.push(toObject(place));
      yield batch;
    }
  }
}

async function readObjects(tools: ProofTools, link: CinderLink): Promise<LinkObjects> {
  const { context, folders } = tools;
  const metadata = await readMetadataOrThrow(context, link);
  let listed = folders.objectsOf(link);
  if (listed === null) {
    const fresh = await folders.listLinkAgain(link);
    if (fresh === null) throw fault('changed_while_read', `${link.imagePath} is gone since it was listed`);
    if (fresh.listing.digest !== link.listing.digest) {
      throw fault('changed_while_read', `${link.imagePath} is not as it was listed before`);
    }
    listed = folders.objectsOf(fresh);
    folders.releaseObjects(fresh);
  }
  // Those of a link that was just listed were too many to be kept.
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

/**
 * The parent of a link, of several with its id the one that its recorded proof was made with, or else the first that can
 * be read: every block that comes of it is held against the leaf's hashes. Null for a full backup. Throws the fault of
 * the first where none can be read.
 */
async function readParent(
  tools: ProofTools,
  { link, objects: { metadata } }: ReadLink,
  visited: readonly ReadLink[],
): Promise<ReadLink | null> {
  const { parentId, volumeId } = metadata;
  if (parentId === null || parentId === undefined) return null;
  const tried = new Set<string>();
  const leadsBack = new Set(visited.map((other) => keyOf(other.link)));
  let first: ReadFault | null = null;
  const [proof] = await tools.context.findProofs([link.backupId]);
  const isProved = ({ listing }: CinderLink) => Number(listing.digest === proof?.parentListingDigest);
  for await (const candidates of tools.folders.parentsOf(link, parentId)) {
    for (const parent of candidates.toSorted((one, other) => isProved(other) - isProved(one))) {
      const key = keyOf(parent);
      if (tried.has(key)) continue;
      tried.add(key);
      try {
        if (leadsBack.has(key)) throw fault('cycle', `the chain leads back to ${parent.imagePath}`);
        const objects = await readObjects(tools, parent);
        if (objects.metadata.volumeId === volumeId) return { link: parent, objects };
        throw fault('parent_broken', `${parent.imagePath}_metadata has volume_id ${quote(objects.metadata.volumeId)}`);
      } catch (error) {
        if (!(error instanceof ReadFault)) throw error;
        first ??= error;
      }
    }
  }
  throw first ?? fault('parent_missing', `parent ${quote(parentId)} of ${link.imagePath}`);
}

function keyOf({ bucketName, imagePath }: CinderLink): string {
  return JSON.stringify([bucketName, imagePath]);
}

/** Gives the object at a place in the order of numbers, which is that of offsets. */
function storedObjects(imagePath: string, { metadata, listed }: LinkObjects): (place: number) => StoredObject {
  const { objects } = metadata;
  const isEarly = isOfEarlyWriter(metadata);
  return (place) => {
    const row = objects.rowAt(place);
    const listedRow = listed.rowAt(place);
    const number = objects.numberAt(row);
    const key = `${imagePath}${objectSuffix(number)}`;
    if (place >= listed.count || listed.numberAt(listedRow) !== number) throw fault('object_missing', key);
    const etag = listed.md5At(listedRow);
    const digest = { algorithm: 'md5', hex: Buffer.from(objects.md5At(row) ?? []).toString('hex') } as const;
    return {
      key,
      storedBytes: listed.sizeAt(listedRow),
      etag: etag === null ? null : Buffer.from(etag).toString('hex'),
      offset: objects.offsetAt(row),
      length: objects.lengthAt(row),
      compression: toCompression(objects.compressionAt(row)),
      plainDigest: digest,
      // Until May 2015 it was made of the stored bytes; what an early file has cannot be told from its date alone.
      storedDigest: isEarly ? digest : null,
    };
  };
}

/** Cinder's "gzip" is a zlib stream too; `bzip2` is another name for `bz2`, and recorded as configured. */
function toCompression(compression: CinderCompression): Compression {
  if (compression === 'gzip') return 'zlib';
  return compression === 'bzip2' ? 'bz2' : compression;
}

function fault(code: Fault['code'], detail: string): ReadFault {
  return new ReadFault({ code, detail }, code === 'object_missing');
}
