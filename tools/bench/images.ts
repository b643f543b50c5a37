// pnpm bench images [--mib 1024] [--rounds 3]: checks disk images, and extracts them by the built command, next to qemu-img
// on the same files. Build first. Needs qemu-img and sha256sum.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../../apps/cli/src/testing.ts';
import type { BackupSync } from '../../packages/contracts/src/index.ts';
import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import { openStorageUnit } from '../../packages/engine/src/storage/open-storage-unit.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes.ts';
import type { Figure } from './figure.ts';
import { environmentOf } from './load-server.ts';
import { quantile } from './paired-difference.ts';
import { report } from './report.ts';

const bucketName = 'images';
const mebi = 1024 * 1024;

/** A kind of image, as `qemu-img convert` makes it. */
type ImageKind = {
  readonly name: string;
  readonly file: string;
  readonly format: string;
  readonly options: readonly string[];
};

const kinds: readonly ImageKind[] = [
  { name: 'qcow2', file: 'disk.qcow2', format: 'qcow2', options: [] },
  { name: 'compressed qcow2', file: 'compressed.qcow2', format: 'qcow2', options: ['-c'] },
  {
    name: 'streamOptimized VMDK',
    file: 'stream.vmdk',
    format: 'vmdk',
    options: ['-o', 'subformat=streamOptimized'],
  },
];

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { mib: { type: 'string', default: '1024' }, rounds: { type: 'string', default: '3' } },
});
const rounds = Number(values.rounds);
const volumeMib = Number(values.mib);

function runTool(tool: string, args: readonly string[]): void {
  const { error, status, stderr } = spawnSync(tool, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${tool} is not installed: ${error.message}`);
  if (status !== 0) throw new Error(`${tool} ${args[0]} ended with ${status}: ${stderr}`);
}

/** Runs qemu-img on as many threads as it is given. */
function qemuImg(...args: readonly string[]): void {
  runTool('qemu-img', args);
}

/** Writes a raw disk: three quarters are data, half of which can be compressed, and the rest is empty. */
async function writeRawDisk(path: string): Promise<void> {
  await using file = await open(path, 'w');
  const random = seededBytes('images', mebi);
  for (let number = 0; number < volumeMib; number += 1) {
    if (number % 4 === 3) continue;
    const piece = Buffer.from(random);
    // Each block differs, and every second half is of one byte.
    for (let offset = 0; offset < mebi; offset += 4096) {
      piece.writeUInt32LE(number * 256 + offset / 4096, offset);
      if (number % 2 === 0) piece.fill(number, offset + 2048, offset + 4096);
    }
    await file.write(piece, 0, mebi, number * mebi);
  }
  await file.truncate(volumeMib * mebi);
}

function itemOf({ file, format }: ImageKind): BackupSync {
  return {
    ...{ backup_id: file, backup_name: file, bucket_name: bucketName, image_path: file },
    ...{ resource_id: format, resource_name: format, resource_type: 'Disk', created_at: 0 },
  };
}

async function secondsOf(work: () => void | Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

async function checkStructure(specification: string, kind: ImageKind): Promise<void> {
  await using storage = await openStorageUnit(specification, {});
  const chain = await openChain(chainContext(storage, bucketName, [kind.file]));
  const examination = await chain.examine(itemOf(kind));
  if (examination?.level !== 'linkage') throw new Error(`${kind.file}: ${examination?.fault?.detail ?? 'not proved'}`);
}

type Environment = Readonly<Record<string, string>>;

/** Records the images in a new catalogue, as a user does before extracting one. */
async function recordImages(directory: string, environment: Environment): Promise<void> {
  const list = join(directory, 'images.json');
  await writeFile(list, JSON.stringify(kinds.map(itemOf)));
  await runCommand(['sync', list], environment);
}

async function runCommand(args: readonly string[], environment: Environment): Promise<void> {
  const { code, messages } = await run(args, { environment });
  if (code !== 0) throw new Error(`backup-sync ${args[0]} ended with ${code}: ${messages}`);
}

/** Both work in turn on files that are in the page cache by then, on all cores. */
async function measureImages(): Promise<readonly Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-bench-'));
  try {
    const units = join(directory, 'units');
    await mkdir(join(units, bucketName), { recursive: true });
    const raw = join(directory, 'raw');
    await writeRawDisk(raw);
    for (const { file, format, options } of kinds) {
      qemuImg('convert', '-m', '2', '-f', 'raw', '-O', format, ...options, raw, join(units, bucketName, file));
    }
    await rm(raw);
    const specification = `file:${units}`;
    const environment = environmentOf({ BACKUP_SYNC_DATA_DIR: join(directory, 'data') }, specification);
    await recordImages(directory, environment);
    const figures: Figure[] = [];
    for (const kind of kinds) {
      const image = join(units, bucketName, kind.file);
      const { size } = await stat(image);
      process.stdout.write(`  ${kind.name}: ${(size / mebi).toFixed(0)} MiB stored, ${volumeMib} MiB expanded\n`);
      figures.push(
        await compareChecks(kind, image, specification),
        ...(await compareExtractions(kind, image, directory, environment)),
      );
    }
    return figures;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function compareChecks(kind: ImageKind, image: string, specification: string): Promise<Figure> {
  const seconds = { own: [] as number[], qemu: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    seconds.qemu.push(await secondsOf(() => qemuImg('check', '-q', '-f', kind.format, image)));
    seconds.own.push(await secondsOf(() => checkStructure(specification, kind)));
  }
  return {
    name: `structure of a ${kind.name} image`,
    value: quantile(seconds.own, 0.5),
    unit: 's',
    beside: { name: 'qemu-img check', value: quantile(seconds.qemu, 0.5) },
    target: { atMost: 1 },
  };
}

/** An extraction is compared with a conversion alone, and with commands that give the same: a synced file and its hash. */
async function compareExtractions(
  { file, format, name }: ImageKind,
  image: string,
  directory: string,
  environment: Environment,
): Promise<readonly Figure[]> {
  const output = join(directory, 'output');
  const convert = (...options: readonly string[]) =>
    qemuImg('convert', '-m', '2', ...options, '-f', format, '-O', 'raw', image, output);
  const ways = {
    own: () => runCommand(['extract', file, '--output', output], environment),
    convert: () => convert(),
    convertAndHash: () => {
      convert('-t', 'writeback');
      runTool('sha256sum', [output]);
    },
  };
  const rates = { own: [] as number[], convert: [] as number[], convertAndHash: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of ['convert', 'convertAndHash', 'own'] as const) {
      rates[way].push(volumeMib / (await secondsOf(ways[way])));
      await rm(output);
    }
  }
  const compared = (beside: string, way: 'convert' | 'convertAndHash'): Figure => ({
    name: `extract of a ${name} image`,
    value: quantile(rates.own, 0.5),
    unit: 'MiB/s',
    beside: { name: beside, value: quantile(rates[way], 0.5) },
    target: { atLeast: 1 },
  });
  return [compared('qemu-img convert', 'convert'), compared('convert with sync, then sha256sum', 'convertAndHash')];
}

await report({ 'disk images': measureImages });
