import type { BlockHashes, Compression, StoredObject } from '../../data.ts';
import { HashFileFault, type HashFileHeader, type HashList } from '../../proof/hash-file.ts';
import type { Fault } from '../../proof/link.ts';
import type { ListedObjects } from '../../proof/object-columns.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import type { HashLists } from './hash-lists.ts';
import { objectSuffix } from './image-path.ts';
import { isOfEarlyWriter } from './inventory-proof.ts';
import type { CinderLink } from './link-listing.ts';
import type { CinderMetadata } from './metadata.ts';
import type { CinderCompression, NamedObjects } from './named-objects.ts';

/** Number of objects in a batch. */
const batchObjects = 1000;

/** A link's objects, as the metadata names them and as they were listed. */
export type LinkObjects = { readonly metadata: CinderMetadata; readonly listed: ListedObjects };

/**
 * Size of the volume at a link, in bytes. If its last block is not stored, it is as long as the parent's or, in a
 * volume that has become shorter, a whole block.
 */
export function volumeBytesOf(objects: NamedObjects, blocks: CinderBlocks | null, parentBytes: number | null): number {
  const lastRow = objects.rowAt(objects.count - 1);
  const end = objects.count === 0 ? 0 : objects.offsetAt(lastRow) + objects.lengthAt(lastRow);
  if (blocks === null) return Math.max(end, parentBytes ?? 0);
  const { bytes, count } = blocks;
  if (Math.ceil(end / bytes) === count) return end;
  return parentBytes !== null && Math.ceil(parentBytes / bytes) === count ? parentBytes : count * bytes;
}

type CinderBlocks = BlockHashes & { readonly count: number };

/**
 * Reads the hash file to its end unless its header is known, because the number of hashes is not recorded anywhere.
 */
export async function openBlocks(hashLists: HashLists, link: CinderLink): Promise<CinderBlocks> {
  async function* partsOf(list: HashList): HashList {
    try {
      yield* list;
    } catch (error) {
      if (!(error instanceof HashFileFault)) throw error;
      throw fault('metadata_unreadable', `${link.imagePath}_sha256file: ${error.message}`);
    }
  }
  async function* hashes(): AsyncGenerator<Uint8Array> {
    for await (const part of partsOf(hashLists.open(link))) if (part instanceof Uint8Array) yield new Uint8Array(part);
  }
  let header: HashFileHeader | null = null;
  for await (const part of partsOf(hashLists.openForHeader(link))) if (!(part instanceof Uint8Array)) header = part;
  if (header === null) throw new TypeError(`the hash list of ${link.imagePath} has no header`);
  return { bytes: header.blockBytes, count: header.hashCount, hashes };
}

/** The objects of a link, in the order of their numbers. Their offsets have the same order. */
export async function* batchesOf(
  imagePath: string,
  open: () => Promise<LinkObjects>,
): AsyncGenerator<readonly StoredObject[]> {
  const objects = await open();
  const { count } = objects.metadata.objects;
  const toObject = storedObjects(imagePath, objects);
  for (let from = 0; from < count; from += batchObjects) {
    const batch: StoredObject[] = [];
    for (let place = from; place < Math.min(count, from + batchObjects); place += 1) batch.push(toObject(place));
    yield batch;
  }
}

/** Gives the object at a place in that order. */
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
      // Until May 2015 the stored bytes were hashed. The date alone does not show which digest an early file has.
      storedDigest: isEarly ? digest : null,
    };
  };
}

/** Cinder's "gzip" is a zlib stream too. `bzip2` is another name for `bz2`: the name is recorded as configured. */
function toCompression(compression: CinderCompression): Compression {
  if (compression === 'gzip') return 'zlib';
  return compression === 'bzip2' ? 'bz2' : compression;
}

function fault(code: Fault['code'], detail: string): ReadFault {
  return new ReadFault({ code, detail }, code === 'object_missing');
}
