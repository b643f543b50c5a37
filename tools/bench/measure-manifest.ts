// Proves a full backup with a manifest of that many objects to linkage and prints the result as JSON. It is a separate
// process, so that the peak memory is its own. The backup is generated while it is listed and read.
import { createHash } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import { type ObjectEntry, StorageError, type StorageUnit } from '../../packages/engine/src/storage/port.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';

// As the command does.
setFlagsFromString('--semi-space-growth-factor=1');

const count = Number(process.argv[2]);
const imagePath = 'plan/resource/backup';
const blockBytes = 4096;
/** Enough to keep the hashes of millions of objects out of memory, as with a large volume. */
const blocksOfObject = 2;
const objectBytes = blocksOfObject * blockBytes;
const batchObjects = 1000;
const modifiedAtMs = Date.UTC(2026, 2, 1, 3);

const hex = (index: number, digits: number) => index.toString(16).padStart(digits, '0');
const keyOf = (index: number) => `data/${String(index + 1).padStart(8, '0')}.zst`;

function* batches<Item>(toItem: (index: number) => Item): Generator<Item[]> {
  for (let start = 0; start < count; start += batchObjects) {
    yield Array.from({ length: Math.min(batchObjects, count - start) }, (_, at) => toItem(start + at));
  }
}

function* hashBytes(): Generator<Buffer> {
  for (const batch of batches((index) => Buffer.from(hex(index, 64).repeat(blocksOfObject), 'hex')))
    yield Buffer.concat(batch);
}

const digest = createHash('sha256');
for (const piece of hashBytes()) digest.update(piece);
const blockHashes = { key: 'block-hashes.bin', size: count * blocksOfObject * 32, sha256: digest.digest('hex') };

function* manifestBytes(): Generator<Buffer> {
  const header = {
    format: 'backup-sync-manifest',
    version: '1',
    backup: { id: 'bench', name: 'bench', created_at: '2026-03-01T02:00:00Z' },
    resource: { id: 'bench', name: 'bench', type: 'bench' },
    parent: null,
    volume_size: count * objectBytes,
    block_size: blockBytes,
    block_hashes: blockHashes,
  };
  yield Buffer.from(`${JSON.stringify(header).slice(0, -1)},"objects":[`);
  let separator = '';
  const objects = batches((index) => {
    const place = { key: keyOf(index), offset: index * objectBytes, length: objectBytes, stored_size: 700 };
    return JSON.stringify({ ...place, compression: 'zstd', sha256: hex(index, 64), stored_md5: hex(index, 32) });
  });
  for (const batch of objects) {
    yield Buffer.from(separator + batch.join(','));
    separator = ',';
  }
  yield Buffer.from(']}');
}

async function* streamOf(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  yield* pieces;
}

const named = (name: string, size: number, etag: string | null = null): ObjectEntry => {
  return { key: `${imagePath}/${name}`, size, etag, modifiedAtMs, archived: false };
};
let manifestSize = 0;
for (const piece of manifestBytes()) manifestSize += piece.length;
const storage: StorageUnit = {
  id: 'generated',
  async *list() {
    yield [named(blockHashes.key, blockHashes.size)];
    yield* batches((index) => named(keyOf(index), 700, hex(index, 32)));
    yield [named('manifest.json', manifestSize)];
  },
  async *listFolders() {},
  async get({ key }) {
    const isManifest = key.endsWith('.json');
    const body = streamOf(isManifest ? manifestBytes() : hashBytes());
    return { size: isManifest ? manifestSize : blockHashes.size, etag: null, modifiedAtMs, body };
  },
  head: ({ key }) => Promise.reject(new StorageError('object_not_found', key)),
  async admit({ begin }) {
    await begin();
    return () => {};
  },
  async [Symbol.asyncDispose]() {},
};

const startedAtMs = performance.now();
const chain = await openChain(chainContext(storage, 'bench', [imagePath]));
const examination = await chain.examine({
  backup_id: 'bench',
  backup_name: 'bench',
  bucket_name: 'bench',
  image_path: imagePath,
  resource_id: 'bench',
  resource_name: 'bench',
  resource_type: 'bench',
  created_at: 0,
});
if (examination?.level !== 'linkage') throw new Error(`not proved: ${JSON.stringify(examination?.fault)}`);
const seconds = (performance.now() - startedAtMs) / 1000;
process.stdout.write(JSON.stringify({ seconds, peakMiB: process.resourceUsage().maxRSS / 1024 }));
