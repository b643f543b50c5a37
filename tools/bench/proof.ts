// pnpm bench proof [--hash-mib 512] [--objects 2000000] [--plain-mib 512] [--scan-objects 1000000] [--runs 1]: measures
// the cost of proving generated chains.
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { measureContent } from './content.ts';
import { type Figure, shownNumber } from './figure.ts';
import { type ChainSize, linksOf, pathOf, withChain } from './generated-chain.ts';
import { measureLinkage } from './linkage.ts';
import { measureRequests } from './proof-requests.ts';
import { report } from './report.ts';
import { measureScan } from './scan.ts';
import { measureSmallVerifications, type SmallChains } from './small-verifications.ts';

const run = promisify(execFile);
const hashLineBytes = 72;
/** Pairs of plain loop and proof to linkage in each run. They take a second. */
const linkagePairs = 5;
/** Links that are read in one thread, and links with enough objects for several. */
const smallChains: readonly SmallChains[] = [
  { chains: 10, linksOfChain: 50, objectsOfLink: 2 },
  { chains: 2, linksOfChain: 10, objectsOfLink: 320 },
];
const mebi = 1024 * 1024;

type Measured = { readonly seconds: number; readonly peakMiB: number };

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    'hash-mib': { type: 'string', default: '512' },
    objects: { type: 'string', default: '2000000' },
    'plain-mib': { type: 'string', default: '512' },
    'scan-objects': { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '1' },
  },
});
const runs = Number(values.runs);
const objects = Number(values.objects);
const hashBlocks = Math.floor((Number(values['hash-mib']) * mebi) / hashLineBytes);

async function measure(what: string, directory: string, size: ChainSize): Promise<Measured> {
  const script = join(import.meta.dirname, 'measure.ts');
  const options = ['--directory', directory, '--size', JSON.stringify(size)];
  const { stdout } = await run(process.execPath, ['--conditions=@backup-sync/source', script, what, ...options]);
  return JSON.parse(stdout);
}

const print = (line: string) => process.stdout.write(`${line}\n`);
const rate = (bytes: number, seconds: number) => `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`;

function measureProofRequests(): Promise<readonly Figure[]> {
  print('requests, generated chain of a full backup of 21,000 objects and 30 increments of 40');
  return measureRequests(print);
}

async function measureBlockHashes(): Promise<readonly Figure[]> {
  const hashSize: ChainSize = { blocks: hashBlocks, fullObjects: 1000, incrementObjects: 1000 };
  const bytes = 2 * hashBlocks * hashLineBytes;
  return await withChain(hashSize, (directory) => measureLinkage(directory, hashSize, bytes, runs * linkagePairs));
}

/** Prints the cost of the parts of proving an increment of many objects. */
async function measureObjects(): Promise<readonly Figure[]> {
  const objectSize: ChainSize = { blocks: 2 * objects, fullObjects: 1000, incrementObjects: objects };
  print(`\nincrement of ${objects} objects`);
  return await withChain(objectSize, async (directory) => {
    const { size: bytes } = await stat(pathOf(directory, linksOf(objectSize)[1], '_metadata'));
    const peaks: number[] = [];
    for (let pair = 1; pair <= runs; pair += 1) {
      const metadata = await measure('metadata', directory, objectSize);
      const listing = await measure('listing', directory, objectSize);
      const proof = await measure('proof', directory, objectSize);
      peaks.push(proof.peakMiB);
      print(
        `  _metadata ${rate(bytes, metadata.seconds)}, ${(objects / metadata.seconds / 1000).toFixed(0)},000 objects/s; ` +
          `listing ${(objects / listing.seconds / 1000).toFixed(0)},000 objects/s; ` +
          `proof ${proof.seconds.toFixed(1)} s, peak ${proof.peakMiB.toFixed(0)} MiB`,
      );
    }
    return [peakFigure('an increment', peaks)];
  });
}

async function measureManifest(): Promise<readonly Figure[]> {
  print(`\nfull backup with a manifest of ${objects} objects`);
  const peaks: number[] = [];
  for (let round = 1; round <= runs; round += 1) {
    const script = join(import.meta.dirname, 'measure-manifest.ts');
    const { stdout } = await run(process.execPath, ['--conditions=@backup-sync/source', script, String(objects)]);
    const { seconds, peakMiB }: Measured = JSON.parse(stdout);
    peaks.push(peakMiB);
    print(`  proof ${seconds.toFixed(1)} s, peak ${peakMiB.toFixed(0)} MiB`);
  }
  return [peakFigure('a full backup with a manifest', peaks)];
}

function peakFigure(backup: string, peaksMiB: readonly number[]): Figure {
  const name = `proof of ${backup} of ${shownNumber(objects)} objects: peak memory`;
  return { name, value: Math.max(...peaksMiB), unit: 'MiB' };
}

function measureData(): Promise<readonly Figure[]> {
  print('\ncontent and replay of a full backup, compared with shell tools on the same files');
  return measureContent(print, Number(values['plain-mib']), runs);
}

async function measureSmallLinks(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of smallChains) figures.push(...(await measureSmallVerifications(size)));
  return figures;
}

function measureGeneratedScan(): Promise<readonly Figure[]> {
  print('\nscan of a generated bucket, a hundred objects a backup, into a catalogue on disk');
  return measureScan(print, Number(values['scan-objects']));
}

await report({
  'requests of a proof': measureProofRequests,
  linkage: measureBlockHashes,
  'proof of many objects': measureObjects,
  'proof of a large manifest': measureManifest,
  content: measureData,
  'content of small links': measureSmallLinks,
  'scan without a service': measureGeneratedScan,
});
