import { Buffer } from 'node:buffer';
import type { LinkData, StoredObject, ZeroRun } from '../../data.ts';
import type { ImageContext } from '../../disk-image/whole-image.ts';
import { type ImageKind, isImageKind, openImageOf } from '../../manifest-document/whole-images.ts';
import type { PathObjects } from '../../path-listings.ts';
import { provableObjectsMax, tooManyObjects } from '../../proof/object-bound.ts';
import { ReadFault, withReadFaults } from '../../proof/read-fault.ts';
import type { ManifestLink } from './manifest-link.ts';
import type { ManifestTools } from './manifest-tools.ts';

/** Number of objects in a batch. */
const batchObjects = 1000;

/** The data of one link. ETags are unknown if the listing had too many objects to keep. */
export function linkDataOf({ context, hashes }: ManifestTools, link: ManifestLink): LinkData {
  const { header, place, objects } = link;
  const { bucketName, imagePath } = place;
  if (objects.leftOut > 0) {
    const detail = `${place.manifest?.key} names ${objects.count + objects.leftOut} objects, but fewer are stored`;
    const { objectCount } = place.listing;
    if (objectCount <= provableObjectsMax) throw new ReadFault({ code: 'object_missing', detail }, false);
    throw new ReadFault({ code: 'metadata_unreadable', detail: tooManyObjects(imagePath, objectCount) }, false);
  }
  return {
    backupId: header.backup.id,
    location: { storageUnitId: context.storage.id, bucketName, imagePath },
    objects: () => objectsOf(context, link, place.objects),
    blocks: {
      bytes: header.block_size,
      async *hashes() {
        for await (const part of hashes.open(link)) if (part instanceof Uint8Array) yield new Uint8Array(part);
      },
    },
    volumeBytes: header.volume_size,
  };
}

async function* objectsOf(
  context: ManifestTools['context'],
  link: ManifestLink,
  listed: PathObjects | null,
): AsyncGenerator<(StoredObject | ZeroRun)[]> {
  const { objects, place } = link;
  let batch: StoredObject[] = [];
  for (let row = 0; row < objects.count; row += 1) {
    const compression = objects.compressionAt(row);
    if (isImageKind(compression)) {
      yield batch;
      batch = [];
      yield* partsOfImage({ ...context, bucketName: place.bucketName }, link, { row, kind: compression });
      continue;
    }
    const sha256 = objects.sha256.hexAt(row);
    const storedDigest = objects.storedSha256.hexAt(row);
    const storedMd5 = objects.storedMd5.hexAt(row);
    batch.push({
      key: `${place.imagePath}/${objects.keys.at(row)}`,
      storedBytes: objects.storedSizeAt(row),
      etag: etagOf(objects.keys, row, listed),
      offset: objects.offsetAt(row),
      length: objects.lengthAt(row),
      compression,
      plainDigest: sha256 === null ? null : { algorithm: 'sha256', hex: sha256 },
      storedDigest: digestOf(storedDigest, storedMd5),
    });
    if (batch.length === batchObjects) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** The parts of an image at their places in the volume. The image is the object that the manifest names by its size. */
async function* partsOfImage(
  context: ImageContext,
  { objects, place }: ManifestLink,
  { row, kind }: { readonly row: number; readonly kind: ImageKind },
): AsyncGenerator<(StoredObject | ZeroRun)[]> {
  const { storage, bucketName: bucket, signal } = context;
  const key = `${place.imagePath}/${objects.keys.at(row)}`;
  const head = await withReadFaults(key, () => storage.head({ bucket, key, signal }));
  if (head.size !== objects.storedSizeAt(row)) {
    throw new ReadFault({ code: 'changed_while_read', detail: `${key} is no longer as it was listed` }, false);
  }
  const image = await openImageOf(kind, context, { key, archived: false, ...head });
  const [start, length] = [objects.offsetAt(row), objects.lengthAt(row)];
  if (image.size !== length) {
    const detail = `${key}: its disk has ${image.size} bytes, but must have ${length}`;
    throw new ReadFault({ code: 'geometry', detail }, false);
  }
  for await (const batch of image.objects(context)) {
    yield batch.map((object) => ({ ...object, offset: start + object.offset }));
  }
}

function digestOf(sha256: string | null, md5: string | null): StoredObject['storedDigest'] {
  if (sha256 !== null) return { algorithm: 'sha256', hex: sha256 };
  return md5 === null ? null : { algorithm: 'md5', hex: md5 };
}

/** The listed ETag of an object if it looks like an MD5, found by binary search, since a listing is sorted by key. */
function etagOf(keys: ManifestLink['objects']['keys'], row: number, listed: PathObjects | null): string | null {
  let [from, to] = [0, listed?.keys.count ?? 0];
  while (listed !== null && from < to) {
    const middle = Math.floor((from + to) / 2);
    const order = Buffer.compare(keys.bytesAt(row), listed.keys.bytesAt(middle));
    if (order === 0) {
      const etag = listed.sizes.md5At(middle);
      return etag === null ? null : Buffer.from(etag).toString('hex');
    }
    if (order < 0) to = middle;
    else from = middle + 1;
  }
  return null;
}
