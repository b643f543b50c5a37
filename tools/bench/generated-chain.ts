import { mkdir, mkdtempDisposable, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leastStoredBytes } from '../../packages/engine/src/chain/compression/least-stored-bytes.ts';
import { compareKeys } from '../../packages/engine/src/storage/key-order.ts';
import { listPageEntriesMax, type ObjectEntry, type StorageUnit } from '../../packages/engine/src/storage/port.ts';
import { hashFileText, metadataText, writePieces } from './generated-files.ts';

const blockBytes = 32 * 1024;
const volumeId = '00000000-0000-4000-8000-000000000000';
export const bucketName = 'volumebackups';
/** The bucket that has the files of a chain. Their names are not the keys. */
const storedBucketName = 'bench';
const modifiedAtMs = Date.UTC(2026, 2, 1, 3);

export type GeneratedLink = { readonly backupId: string; readonly imagePath: string; readonly objectCount: number };
export type ChainSize = {
  /** Blocks of 32 KiB in the volume; each of the two hash files has a hash for each block. */
  readonly blocks: number;
  /** Objects of the full backup, and of the increment, which stores every second block, beginning with the first. */
  readonly fullObjects: number;
  readonly incrementObjects: number;
};

function linkOf(day: number, objectCount: number): GeneratedLink {
  const backupId = `00000000-0000-4000-8000-00000000000${day}`;
  return { backupId, objectCount, imagePath: `volume_${volumeId}/2026030${day}020000/az_nova_backup_${backupId}` };
}

/** A full backup and its increment. */
export function linksOf(size: ChainSize): readonly [GeneratedLink, GeneratedLink] {
  return [linkOf(1, size.fullObjects), linkOf(2, size.incrementObjects)];
}

export function pathOf(directory: string, { backupId }: GeneratedLink, suffix: string): string {
  return join(directory, `${backupId}${suffix}`);
}

/** Writes a chain of this size, acts on its directory, and removes it. */
export async function withChain<Answer>(size: ChainSize, act: (directory: string) => Promise<Answer>): Promise<Answer> {
  await using root = await mkdtempDisposable(join(tmpdir(), 'backup-sync-bench-'));
  const directory = join(root.path, storedBucketName);
  await mkdir(directory);
  await writeChain(directory, size);
  return await act(directory);
}

/** Writes the metadata and block hashes of both links. Their data objects exist only in the listing. */
async function writeChain(directory: string, size: ChainSize): Promise<void> {
  const [full, increment] = linksOf(size);
  const { blocks, incrementObjects } = size;
  const names = ({ backupId }: GeneratedLink) => ({ backupId, volumeId });
  const isChanged = (block: number) => block % 2 === 0 && block < 2 * incrementObjects;
  await writePieces(
    pathOf(directory, full, '_sha256file'),
    hashFileText(names(full), blocks, blockBytes, () => false),
  );
  const changedHashes = hashFileText(names(increment), blocks, blockBytes, isChanged);
  await writePieces(pathOf(directory, increment, '_sha256file'), changedHashes);
  const fullMetadata = metadataText(names(full), full.imagePath, null, fullObjectsOf(size));
  await writePieces(pathOf(directory, full, '_metadata'), fullMetadata);
  const changed = metadataText(names(increment), increment.imagePath, full.backupId, changedObjects(incrementObjects));
  await writePieces(pathOf(directory, increment, '_metadata'), changed);
}

function* fullObjectsOf({ blocks, fullObjects }: ChainSize) {
  for (let index = 0; index < fullObjects; index += 1) {
    const first = Math.floor((index * blocks) / fullObjects);
    const end = Math.floor(((index + 1) * blocks) / fullObjects);
    yield { offset: first * blockBytes, length: (end - first) * blockBytes };
  }
}

function* changedObjects(count: number) {
  for (let index = 0; index < count; index += 1) yield { offset: 2 * index * blockBytes, length: blockBytes };
}

/** A storage unit that lists the chain with all its data objects, and reads what {@link writeChain} wrote. */
export function openGeneratedChain(directory: string, size: ChainSize, files: StorageUnit): StorageUnit {
  const links = linksOf(size);

  async function* entries(): AsyncGenerator<ObjectEntry> {
    for (const [index, link] of links.entries()) {
      // The shortest zlib stream of this amount of data.
      const blocks = index === 0 ? Math.ceil(size.blocks / size.fullObjects) : 1;
      const storedBytes = leastStoredBytes('zlib', blocks * blockBytes);
      for (const digits of sortedNumbers(link.objectCount)) {
        const etag = digits.padStart(32, 'e');
        yield { key: `${link.imagePath}-${digits}`, size: storedBytes, etag, modifiedAtMs, archived: false };
      }
      for (const suffix of ['_metadata', '_sha256file']) {
        const { size: bytes } = await stat(pathOf(directory, link, suffix));
        yield { key: link.imagePath + suffix, size: bytes, etag: null, modifiedAtMs, archived: false };
      }
    }
  }

  const find = (key: string) => {
    const link = links.find(({ imagePath }) => key.startsWith(imagePath));
    if (link === undefined) throw new Error(`no link has ${key}`);
    return `${link.backupId}${key.slice(link.imagePath.length)}`;
  };
  return {
    id: 'generated',
    async *list({ prefix, after = '' }) {
      let page: ObjectEntry[] = [];
      for await (const entry of entries()) {
        if (!entry.key.startsWith(prefix) || (after !== '' && compareKeys(entry.key, after) <= 0)) continue;
        page.push(entry);
        if (page.length < listPageEntriesMax) continue;
        yield page;
        page = [];
      }
      yield page;
    },
    async *listFolders() {
      yield links.map(({ imagePath }) => imagePath.slice(0, imagePath.indexOf('/az_') + 1));
    },
    async get(request) {
      const content = await files.get({ ...request, bucket: storedBucketName, key: find(request.key) });
      return { ...content, modifiedAtMs };
    },
    head: ({ key }) => files.head({ bucket: storedBucketName, key: find(key) }),
    admit: (request) => files.admit(request),
    async [Symbol.asyncDispose]() {},
  };
}

/** Object numbers from 1, as text, in the order of a listing: 100000 comes before 10001. */
function* sortedNumbers(count: number): Generator<string> {
  for (let number = 1; number <= Math.min(count, 99_999); number += 1) yield* startingWith(number, count);
}

function* startingWith(number: number, count: number): Generator<string> {
  yield String(number).padStart(5, '0');
  if (number < 10_000) return;
  for (let next = number * 10; next < number * 10 + 10 && next <= count; next += 1) yield* startingWith(next, count);
}
