import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BackupSync, syncItemsMax } from '../../packages/contracts/src/index.ts';
import type { WrittenBackup } from '../../packages/engine/src/testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../../packages/engine/src/testing/small-chain.ts';
import { openTestEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine.ts';
import type { Figure } from './figure.ts';

const bucketName = 'volumebackups';
const pollEveryMs = 100;

/** What one pass over all links took, in all threads of this process. */
type LinkCost = { readonly linksPerSecond: number; readonly cpuMsPerLink: number };

/**
 * Imports chains of small links from a local directory twice, through an engine with its own threads. Next to both is a
 * loop that stats, reads and hashes every file, and parses the metadata. The links share this process, so run nothing
 * else in it at the same time.
 */
export async function measureSmallLinks(chains: number, linksOfChain: number): Promise<readonly Figure[]> {
  await using test = await openTestEngine();
  const backups: WrittenBackup[] = [];
  for (let chain = 0; chain < chains; chain += 1) {
    const changes = Array.from({ length: linksOfChain - 1 }, (_, day) => [day % 8]);
    const written = writeSmallChain(`small-${chain}`, 8, changes);
    for (const { objects } of written) await test.buckets.put(bucketName, objects);
    backups.push(...written);
  }
  const links = backups.length;
  const items = backups.map((backup) => syncItemOf(backup, bucketName));
  const plain = await costOf(links, () => readPlainly(join(test.buckets.directory, bucketName), backups));
  const first = await costOf(links, () => syncAll(test, items));
  const unchanged = await costOf(links, () => syncAll(test, items));
  if (test.faults.length > 0) throw new Error('imports failed', { cause: test.faults[0] });
  return [
    ...figuresOf('import of small links from a directory', first, plain, 1000),
    ...figuresOf('a sync of the same links, unchanged', unchanged, plain, 5000),
  ];
}

function figuresOf(name: string, cost: LinkCost, plain: LinkCost, linksPerSecond: number): readonly Figure[] {
  const loop = 'loop that reads the same files';
  return [
    {
      name,
      value: cost.linksPerSecond,
      unit: 'links/s',
      beside: { name: loop, value: plain.linksPerSecond },
      target: { atLeast: linksPerSecond, of: 'value' },
    },
    {
      name: `${name}: CPU of a link`,
      value: cost.cpuMsPerLink,
      unit: 'ms',
      beside: { name: loop, value: plain.cpuMsPerLink },
    },
  ];
}

export async function costOf(links: number, work: () => Promise<void>): Promise<LinkCost> {
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  await work();
  const tookMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { linksPerSecond: (1000 * links) / tookMs, cpuMsPerLink: (user + system) / 1000 / links };
}

async function readPlainly(directory: string, backups: readonly WrittenBackup[]): Promise<void> {
  for (const { objects } of backups) {
    for (const key of objects.keys()) {
      const path = join(directory, key);
      await stat(path);
      const bytes = await readFile(path);
      createHash('sha256').update(bytes).digest();
      if (key.endsWith('_metadata') || key.endsWith('_sha256file')) JSON.parse(bytes.toString());
    }
  }
}

/** Syncs all items in requests of full size, one after another, and waits until every operation has ended. */
async function syncAll({ call }: TestEngine, items: readonly BackupSync[]): Promise<void> {
  for (let from = 0; from < items.length; from += syncItemsMax) {
    await call('syncBackups', { sync: items.slice(from, from + syncItemsMax) });
  }
  const countIn = async (status: string) => (await call('listOperationLogs', { status, limit: 1 })).count;
  while ((await countIn('waiting,running')) > 0) await sleep(pollEveryMs);
  if ((await countIn('failed,timeout')) > 0) throw new Error('an import failed');
}
