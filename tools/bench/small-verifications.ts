import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WrittenBackup } from '../../packages/engine/src/testing/cinder-writer.ts';
import { syncItemOf, writeSmallChain } from '../../packages/engine/src/testing/small-chain.ts';
import { openTestEngine, type TestEngine } from '../../packages/engine/src/testing/test-engine.ts';
import type { Figure } from './figure.ts';
import { costOf } from './small-links.ts';

const bucketName = 'volumebackups';

export type SmallChains = {
  readonly chains: number;
  /** At most 50, because each chain is synced in one request. */
  readonly linksOfChain: number;
  /** Objects of each increment, of 512 bytes at most. */
  readonly objectsOfLink: number;
};

/**
 * Verifies chains of small links to content through an engine, next to a plain loop that reads and hashes the same
 * objects. Both run twice, and the second time counts. They share this process, so run nothing else in it.
 */
export async function measureSmallVerifications(size: SmallChains): Promise<readonly Figure[]> {
  const { chains, linksOfChain, objectsOfLink } = size;
  await using test = await openTestEngine();
  // Every second block, so that each is an object.
  const blocks = Array.from({ length: objectsOfLink }, (_, object) => 2 * object);
  const changes = Array.from({ length: linksOfChain - 1 }, () => blocks);
  const leaves: string[] = [];
  const paths: string[] = [];
  for (let chain = 0; chain < chains; chain += 1) {
    const backups = writeSmallChain(`small-${chain}`, 2 * objectsOfLink, changes);
    for (const { objects } of backups) await test.buckets.put(bucketName, objects);
    await test.sync(backups.map((backup) => syncItemOf(backup, bucketName)));
    leaves.push(backups.at(-1)?.plan.backupId ?? '');
    paths.push(...backups.flatMap(dataKeysOf).map((key) => join(test.buckets.directory, bucketName, key)));
  }
  const links = chains * linksOfChain;
  await readPlainly(paths);
  const plain = await costOf(links, () => readPlainly(paths));
  await verifyAll(test, leaves);
  const verified = await costOf(links, () => verifyAll(test, leaves));
  const name = `content of ${links} links of ${objectsOfLink} small objects`;
  return [
    { name, value: verified.linksPerSecond, unit: 'links/s', beside: plainOf(plain.linksPerSecond) },
    { name: 'its CPU', value: verified.cpuMsPerLink, unit: 'ms a link', beside: plainOf(plain.cpuMsPerLink) },
  ];
}

const plainOf = (value: number) => ({ name: 'plain loop', value });

function dataKeysOf({ objects }: WrittenBackup): readonly string[] {
  return [...objects.keys()].filter((key) => /-\d{5}$/.test(key));
}

async function readPlainly(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const bytes = await readFile(path);
    createHash('md5').update(bytes).digest();
    createHash('sha256').update(bytes).digest();
  }
}

async function verifyAll({ call, operationEnded }: TestEngine, backupIds: readonly string[]): Promise<void> {
  const accepted = await Promise.all(
    backupIds.map((backupId) => call('verifyBackup', { backup_id: backupId, level: 'content' })),
  );
  for (const { operation_id } of accepted) {
    const { status, reason } = await operationEnded(operation_id);
    if (status !== 'success') throw new Error('a verification failed', { cause: reason });
  }
}
