import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { proveContent } from '../../packages/engine/src/chain/content/prove-content.ts';
import { type VolumeData, volumesOf } from '../../packages/engine/src/chain/data.ts';
import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import { replayChain } from '../../packages/engine/src/chain/replay/replay-chain.ts';
import { StorageThreads } from '../../packages/engine/src/chain/threads/storage-threads.ts';
import { openStorageUnit } from '../../packages/engine/src/storage/open-storage-unit.ts';
import type { StorageUnit } from '../../packages/engine/src/storage/port.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';
import type { Figure } from './figure.ts';
import { type LargeBackup, writeLargeBackup } from './large-cinder-backup.ts';
import { runScript } from './run-script.ts';

const bucketName = 'volumebackups';
const { signal } = new AbortController();

/** Commands that inflate a zlib stream from standard input, fastest first. */
const inflaters = [
  ['pigz', 'pigz -dz'],
  ['zlib-flate', 'zlib-flate -uncompress'],
  [
    'python3',
    `python3 -c 'import sys,zlib,shutil
d=zlib.decompressobj()
while b:=sys.stdin.buffer.read(1<<20): sys.stdout.buffer.write(d.decompress(b))
sys.stdout.buffer.write(d.flush())'`,
  ],
] as const;

function isInstalled(command: string): boolean {
  return spawnSync('bash', ['-c', `command -v ${command}`]).status === 0;
}

/** Returns a pipeline that hashes every data object in a directory; null if a tool is missing. */
function pipelineFor(compression: 'none' | 'zlib', directory: string): string | null {
  const inflate = compression === 'none' ? 'cat' : inflaters.find(([command]) => isInstalled(command))?.[1];
  if (inflate === undefined) return null;
  const each = `${inflate} < "$0" | tee >(md5sum > /dev/null) | sha256sum > /dev/null`;
  const quoted = each.replaceAll("'", `'"'"'`);
  return `find ${directory} -name '*-[0-9][0-9][0-9][0-9][0-9]' -print0 | xargs -0 -n 1 -P ${availableParallelism()} bash -c '${quoted}'`;
}

async function openBackup(storage: StorageUnit, backup: LargeBackup): Promise<VolumeData> {
  const chain = await openChain(chainContext(storage, bucketName, [backup.imagePath]));
  const data = await chain.openData({
    backup_id: backup.backupId,
    backup_name: 'bench',
    bucket_name: bucketName,
    image_path: backup.imagePath,
    resource_id: backup.volumeId,
    resource_name: 'bench',
    resource_type: 'OS::Cinder::Volume',
    created_at: backup.takenAtMs / 1000,
  });
  const [opened] = data === null ? [] : volumesOf(data);
  if (opened === undefined) throw new Error('the backup that was just written was not found');
  return opened.volume;
}

/** Returns how many seconds a function takes. */
async function secondsOf(work: () => void | Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

type Print = (line: string) => void;

/**
 * Compares the level content with a pipeline of shell tools that does the same work: reading, inflating compressed
 * objects, MD5 and SHA-256, on all cores. Both run in turn, over files that are in the page cache by then.
 */
export async function measureContent(print: Print, plainMib: number, rounds: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const compression of ['none', 'zlib'] as const) {
    figures.push(await compare(print, compression, plainMib, rounds));
  }
  return figures;
}

async function compare(print: Print, compression: 'none' | 'zlib', plainMib: number, rounds: number): Promise<Figure> {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-bench-'));
  try {
    const bucket = join(directory, bucketName);
    await mkdir(bucket);
    const backup = await writeLargeBackup(bucket, plainMib * 1024 * 1024, compression);
    const specification = `file:${directory}`;
    await using storage = await openStorageUnit(specification, {});
    const data = await openBackup(storage, backup);
    const link = data.links.at(-1);
    const pipeline = pipelineFor(compression, bucket);
    if (link === undefined) throw new Error('the backup that was just written has no link');
    const opening = { id: 'default', specification };
    // As in a verification, they stay for what is proved next.
    await using threads = new StorageThreads(opening, storage, availableParallelism());
    const seconds = { content: [] as number[], pipeline: [] as number[], replay: [] as number[] };
    for (let round = 0; round < rounds; round += 1) {
      if (pipeline !== null) seconds.pipeline.push(await secondsOf(() => runScript(pipeline)));
      seconds.content.push(
        await secondsOf(async () => {
          const { fault } = await proveContent(link, { storage, threads, signal });
          if (fault !== null) throw new Error(fault.detail);
        }),
      );
      seconds.replay.push(
        await secondsOf(async () => {
          const { fault } = await replayChain(data, { storage, opening, sink: null, signal });
          if (fault !== null) throw new Error(fault.detail);
        }),
      );
    }
    const rate = (times: readonly number[]) => `${(plainMib / median(times)).toFixed(0)} MiB/s`;
    const shares = seconds.pipeline.map((time, round) => time / (seconds.content[round] ?? Number.NaN));
    const against =
      pipeline === null
        ? 'no tool that inflates is installed'
        : `${rate(seconds.pipeline)} by the pipeline, ${(100 * median(shares)).toFixed(0)} % of it (aim: more than 100 %)`;
    const stored = (backup.storedBytes / 1024 / 1024).toFixed(0);
    print(`  ${compression}: ${plainMib} MiB plain, ${stored} MiB stored, ${availableParallelism()} cores`);
    print(`    content ${rate(seconds.content)}; ${against}`);
    print(`    replay into a hash ${rate(seconds.replay)}`);
    return {
      name: `content of a full backup, compression ${compression}`,
      value: plainMib / median(seconds.content),
      unit: 'MiB/s',
      ...(pipeline !== null && {
        beside: { name: 'pipeline of shell tools', value: plainMib / median(seconds.pipeline) },
        target: { atLeast: 1 },
      }),
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}
