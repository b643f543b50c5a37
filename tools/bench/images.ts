// pnpm bench images [--mib 1024] [--rounds 3]: checks and extracts disk images, next to qemu-img on the same files.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BackupSync } from '../../packages/contracts/src/index.ts';
import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import { extractBackup } from '../../packages/engine/src/chain/replay/extract-backup.ts';
import { openStorageUnit } from '../../packages/engine/src/storage/open-storage-unit.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';
import { seededBytes } from '../../packages/engine/src/testing/seeded-bytes.ts';
import type { Figure } from './figure.ts';
import { quantile } from './paired-difference.ts';
import { report } from './report.ts';

const bucketName = 'images';
const mebi = 1024 * 1024;
const { signal } = new AbortController();

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

/** Runs qemu-img on as many threads as it is given. It prints nothing if all is well. */
function qemuImg(...args: readonly string[]): void {
  const { error, status, stderr } = spawnSync('qemu-img', args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`qemu-img is not installed: ${error.message}`);
  if (status !== 0) throw new Error(`qemu-img ${args[0]} ended with ${status}: ${stderr}`);
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

async function extract(specification: string, kind: ImageKind, path: string): Promise<void> {
  await using storage = await openStorageUnit(specification, {});
  const extraction = await extractBackup({
    storage: specification,
    item: itemOf(kind),
    grants: [{ project_id: 'bench', storage_unit: storage.id, bucket_name: bucketName, prefix: '' }],
    locate: async () => [],
    recordedBuckets: async () => new Set(),
    output: { path, replace: true, onPartialReplaced: () => {} },
    disk: null,
    signal,
    onProgress: () => {},
  });
  if (extraction.fault !== null) throw new Error(extraction.fault.detail);
}

/** Both work in turn on files that are in the page cache by then, on all cores. */
async function measureImages(): Promise<readonly Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-bench-'));
  try {
    const bucket = join(directory, 'units', bucketName);
    await mkdir(bucket, { recursive: true });
    const raw = join(directory, 'raw');
    await writeRawDisk(raw);
    const figures: Figure[] = [];
    for (const kind of kinds) {
      const { file, format, options, name } = kind;
      const image = join(bucket, file);
      qemuImg('convert', '-m', '2', '-f', 'raw', '-O', format, ...options, raw, image);
      const specification = `file:${join(directory, 'units')}`;
      const [output, theirs] = [join(directory, 'ours'), join(directory, 'theirs')];
      const seconds = {
        check: [] as number[],
        qemuCheck: [] as number[],
        extract: [] as number[],
        convert: [] as number[],
      };
      for (let round = 0; round < rounds; round += 1) {
        seconds.qemuCheck.push(await secondsOf(() => qemuImg('check', '-q', '-f', format, image)));
        seconds.check.push(await secondsOf(() => checkStructure(specification, kind)));
        await rm(theirs, { force: true });
        seconds.convert.push(
          await secondsOf(() => qemuImg('convert', '-m', '2', '-f', format, '-O', 'raw', image, theirs)),
        );
        await rm(output, { force: true });
        seconds.extract.push(await secondsOf(() => extract(specification, kind, output)));
      }
      const { size } = await stat(image);
      process.stdout.write(`  ${name}: ${(size / mebi).toFixed(0)} MiB stored, ${volumeMib} MiB expanded\n`);
      figures.push(
        {
          name: `structure of a ${name} image`,
          value: quantile(seconds.check, 0.5),
          unit: 's',
          beside: { name: 'qemu-img check', value: quantile(seconds.qemuCheck, 0.5) },
          target: { atMost: 1 },
        },
        {
          name: `extract of a ${name} image`,
          value: volumeMib / quantile(seconds.extract, 0.5),
          unit: 'MiB/s',
          beside: { name: 'qemu-img convert', value: volumeMib / quantile(seconds.convert, 0.5) },
          target: { atLeast: 1 },
        },
      );
    }
    return figures;
  } finally {
    await rm(directory, { recursive: true });
  }
}

await report({ 'disk images': measureImages });
