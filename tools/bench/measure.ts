// Measures once and prints JSON. It is a separate process, so that the peak memory is its own.
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import { readMetadata } from '../../packages/engine/src/chain/formats/cinder/metadata.ts';
import { openFilesystemStorageUnit } from '../../packages/engine/src/storage/filesystem/filesystem-storage-unit.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';
import { bucketName, type ChainSize, linksOf, openGeneratedChain, pathOf } from './generated-chain.ts';
import { proveGeneratedChain } from './prove-generated-chain.ts';
import { readPieces } from './read-pieces.ts';

// As the command does.
setFlagsFromString('--semi-space-growth-factor=1');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { directory: { type: 'string' }, size: { type: 'string' } },
});
const directory = values.directory ?? '';
const size: ChainSize = JSON.parse(values.size ?? '');
const [, increment] = linksOf(size);

const measurements: Record<string, () => Promise<object>> = {
  /** The proof of the increment and its full backup to linkage. */
  proof: () => proveGeneratedChain(directory, size),

  /** Reading the `_metadata` of the increment. */
  async metadata() {
    const path = pathOf(directory, increment, '_metadata');
    const reading = await readMetadata(readPieces(path), increment.imagePath);
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

const measure = measurements[positionals[0] ?? ''];
if (measure === undefined) throw new Error(`there is no measurement "${positionals[0]}"`);
const startedAtMs = performance.now();
const found = await measure();
const seconds = (performance.now() - startedAtMs) / 1000;
process.stdout.write(JSON.stringify({ ...found, seconds, peakMiB: process.resourceUsage().maxRSS / 1024 }));
