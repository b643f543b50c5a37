// Measures once and prints JSON. It is a separate process, so that the peak memory is its own.
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import { readMetadata } from '../../packages/engine/src/chain/formats/cinder/metadata.ts';
import { countRequests } from '../../packages/engine/src/storage/counted-storage-unit.ts';
import { openFilesystemStorageUnit } from '../../packages/engine/src/storage/filesystem/filesystem-storage-unit.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';
import { bucketName, type ChainSize, linksOf, openGeneratedChain, pathOf } from './generated-chain.ts';

// As the command does.
setFlagsFromString('--semi-space-growth-factor=1');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { directory: { type: 'string' }, size: { type: 'string' } },
});
const directory = values.directory ?? '';
const size: ChainSize = JSON.parse(values.size ?? '');
const [full, increment] = linksOf(size);

const measurements: Record<string, () => Promise<object>> = {
  /** A plain loop that reads both hash files. */
  async 'plain-read'() {
    let bytes = 0;
    for (const link of [full, increment]) {
      for await (const piece of piecesOf(pathOf(directory, link, '_sha256file'))) bytes += piece.length;
    }
    return { bytes };
  },

  /** The proof of the increment and its full backup to linkage. */
  async proof() {
    await using files = await openFilesystemStorageUnit({ id: 'files', directory: dirname(directory) });
    const { unit, count } = countRequests(openGeneratedChain(directory, size, files));
    const chain = await openChain(chainContext(unit, bucketName, [increment.imagePath]));
    const examination = await chain.examine({
      backup_id: increment.backupId,
      backup_name: 'bench',
      bucket_name: bucketName,
      image_path: increment.imagePath,
      resource_id: 'bench',
      resource_name: 'bench',
      resource_type: 'bench',
      created_at: 0,
    });
    if (examination?.level !== 'linkage') throw new Error(`not proved: ${JSON.stringify(examination?.fault)}`);
    return count();
  },

  /** Reading the `_metadata` of the increment. */
  async metadata() {
    const path = pathOf(directory, increment, '_metadata');
    const reading = await readMetadata(piecesOf(path), increment.imagePath);
    if (reading.kind !== 'read') throw new Error(reading.detail);
    return { objects: reading.metadata.objects.count };
  },

  /** Listing the volume, as a proof does. */
  async listing() {
    await using files = await openFilesystemStorageUnit({ id: 'files', directory: dirname(directory) });
    await openChain(chainContext(openGeneratedChain(directory, size, files), bucketName, [increment.imagePath]));
    return { objects: increment.objectCount };
  },
};

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path);
  const piece = Buffer.allocUnsafe(256 * 1024);
  while (true) {
    const { bytesRead } = await file.read(piece, 0, piece.length);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
  }
}

const measure = measurements[positionals[0] ?? ''];
if (measure === undefined) throw new Error(`there is no measurement "${positionals[0]}"`);
const startedAtMs = performance.now();
const found = await measure();
const seconds = (performance.now() - startedAtMs) / 1000;
process.stdout.write(JSON.stringify({ ...found, seconds, peakMiB: process.resourceUsage().maxRSS / 1024 }));
