// pnpm bench restic [--mib 1024] [--rounds 7]: measures how fast every object of a repository of restic is compared with
// its name, in turn with `sha256sum` in two processes and with `restic check --read-data`, over files that are in the page
// cache by then. Needs restic, which makes the repository.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { proveContent } from '../../packages/engine/src/chain/content/prove-content.ts';
import { openChain } from '../../packages/engine/src/chain/examiner.ts';
import { parseSnapshotPath } from '../../packages/engine/src/chain/formats/restic/repository-path.ts';
import { StorageThreads } from '../../packages/engine/src/chain/threads/storage-threads.ts';
import { openStorageUnit } from '../../packages/engine/src/storage/open-storage-unit.ts';
import { chainContext } from '../../packages/engine/src/testing/chain-context.ts';
import type { Figure } from './figure.ts';
import { quantile } from './paired-difference.ts';
import { report } from './report.ts';
import { runScript } from './run-script.ts';

const bucketName = 'backups';
const threadCount = 2;
const fileMib = 64;
const { signal } = new AbortController();

const { values } = parseArgs({
  options: { mib: { type: 'string', default: '1024' }, rounds: { type: 'string', default: '7' } },
});

/** Makes a repository by restic itself, of data that does not compress. */
async function makeRepository(directory: string, mib: number): Promise<string> {
  const data = join(directory, 'data');
  const repository = join(directory, 'buckets', bucketName, 'office');
  await mkdir(data);
  await mkdir(join(directory, 'buckets', bucketName), { recursive: true });
  for (let file = 0; file * fileMib < mib; file += 1) {
    await writeFile(join(data, `file-${file}`), randomBytes(fileMib * 1024 * 1024));
  }
  runScript(`restic -q -r ${repository} init && restic -q -r ${repository} backup ${data}`);
  await rm(data, { recursive: true });
  return repository;
}

async function secondsOf(work: () => void | Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

async function measure(): Promise<readonly Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'backup-sync-bench-'));
  try {
    const mib = Number(values.mib);
    const repository = await makeRepository(directory, mib);
    const specification = `file:${join(directory, 'buckets')}`;
    await using storage = await openStorageUnit(specification, {});
    await using threads = new StorageThreads({ id: 'default', specification }, storage, threadCount);
    const sums = `find ${repository} -type f ! -name config -print0 | xargs -0 -n 4 -P ${threadCount} sha256sum > /dev/null`;
    const check = `GOMAXPROCS=${threadCount} restic -q -r ${repository} check --no-lock --read-data > /dev/null`;
    const seconds = { own: [] as number[], sums: [] as number[], check: [] as number[] };
    for (let round = 0; round <= Number(values.rounds); round += 1) {
      const summed = await secondsOf(() => runScript(sums));
      const own = await secondsOf(() => prove(storage, threads));
      const checked = await secondsOf(() => runScript(check));
      // The first round compiles code and fills the page cache.
      if (round === 0) continue;
      seconds.own.push(own);
      seconds.sums.push(summed);
      seconds.check.push(checked);
    }
    const rate = (times: readonly number[]) => mib / quantile(times, 0.5);
    const others = [
      { name: 'sha256sum in two processes', value: rate(seconds.sums) },
      { name: 'restic check --read-data', value: rate(seconds.check) },
    ];
    return others.map((beside) => ({
      name: 'objects of a restic repository, two threads',
      value: rate(seconds.own),
      unit: 'MiB/s',
      beside,
      target: { atLeast: 1 },
    }));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Finds the snapshot, examines it, and reads everything that it may need, as a verification does. */
async function prove(storage: Awaited<ReturnType<typeof openStorageUnit>>, threads: StorageThreads): Promise<void> {
  const imagePaths: string[] = [];
  for await (const page of storage.list({ bucket: bucketName, prefix: 'office/snapshots/', signal })) {
    imagePaths.push(...page.map(({ key }) => key));
  }
  const [imagePath = ''] = imagePaths;
  const chain = await openChain(chainContext(storage, bucketName, [imagePath], { dataFollows: true }));
  const item = {
    backup_id: parseSnapshotPath(imagePath)?.name ?? '',
    ...{ backup_name: 'bench', bucket_name: bucketName, image_path: imagePath },
    ...{ resource_id: 'bench', resource_name: 'office', resource_type: 'Restic::Repository', created_at: 0 },
  };
  const examination = await chain.examine(item);
  const [link] = (await chain.openData(item))?.links ?? [];
  if (examination?.level !== 'metadata' || link === undefined) throw new Error('the repository was not recognised');
  const { fault } = await proveContent(link, { storage, threads, signal });
  if (fault !== null) throw new Error(fault.detail);
}

process.env.RESTIC_PASSWORD = 'bench';
await report({ restic: measure });
