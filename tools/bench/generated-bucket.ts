import { type ObjectEntry, StorageError, type StorageUnit } from '../../packages/engine/src/storage/port.ts';
import { metadataText } from './generated-files.ts';

const pageEntries = 1000;
/** Data objects of a backup. With its metadata and its block hashes it has 100 objects. */
const dataObjects = 98;
const objectsOfBackup = dataObjects + 2;
const modifiedAtMs = Date.UTC(2026, 2, 1, 3);
const objectBytes = 52_428_800;

function backupOf(index: number) {
  const digits = index.toString(16).padStart(12, '0');
  const volumeId = `00000000-0000-4000-8000-${digits}`;
  const backupId = `00000000-0000-4000-9000-${digits}`;
  return { volumeId, backupId, imagePath: `volume_${volumeId}/20260301020000/az_nova_backup_${backupId}` };
}

const suffixes = [
  ...Array.from({ length: dataObjects }, (_, place) => `-${String(place + 1).padStart(5, '0')}`),
  '_metadata',
  '_sha256file',
];

/** The object at this place of the listing, counted from 0. */
export function entryAt(index: number): ObjectEntry {
  const { imagePath } = backupOf(Math.floor(index / objectsOfBackup));
  const key = imagePath + suffixes[index % objectsOfBackup];
  return { key, size: 1, etag: '0123456789abcdef0123456789abcdef', modifiedAtMs, archived: false };
}

/** The place of the first of so many objects whose key is after this one. */
export function placeAfter(after: string, objects: number): number {
  let [low, high] = [0, objects];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entryAt(middle).key <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A generated bucket of full backups of Cinder, with this many objects, 100 for each backup. Nothing is stored. */
export function openGeneratedBucket(objects: number): StorageUnit {
  return {
    id: 'generated',
    async *list({ after = '', signal }) {
      for (let start = placeAfter(after, objects); start < objects; start += pageEntries) {
        signal?.throwIfAborted();
        yield Array.from({ length: Math.min(pageEntries, objects - start) }, (_, at) => entryAt(start + at));
      }
    },
    async *listFolders() {},
    async get({ key }) {
      const index = Number.parseInt(key.slice(key.lastIndexOf('-') + 1, -'_metadata'.length), 16);
      const { imagePath, ...names } = backupOf(index);
      const stored = Array.from({ length: dataObjects }, (_, at) => ({
        offset: at * objectBytes,
        length: objectBytes,
      }));
      const bytes = Buffer.from([...metadataText(names, imagePath, null, stored)].join(''));
      return { size: bytes.length, etag: null, modifiedAtMs, body: onePiece(bytes) };
    },
    head: ({ key }) => Promise.reject(new StorageError('object_not_found', key)),
    async admit({ begin }) {
      await begin();
      return () => {};
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
