import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { examples } from '../../apps/cli/src/testing.ts';
import type { BackupSyncInput } from '../../packages/contracts/src/index.ts';
import type { Client } from '../../packages/core/src/index.ts';
import { createManifest } from '../../packages/engine/src/index.ts';
import type { ServedConsole } from './served-console.ts';

const dayMs = 24 * 60 * 60 * 1000;
const blockBytes = 65_536;

/** What a scene has, for addresses of screens. */
export type Scene = {
  /** A resource with two chains: the earlier one is broken in the middle, the newer one is whole. */
  readonly brokenResourceId: string;
  /** The broken link of its earlier chain. */
  readonly brokenBackupId: string;
  /** A source that is held, since its bucket is empty now. */
  readonly heldSourceId: string;
  /** An import that failed. */
  readonly failedOperationId: string;
};

/**
 * Fills a catalogue with what an operator meets: the examples with their broken backup, two weeks of a file server with
 * a broken chain, a watched bucket, a held source, a verification, a hook and a second project.
 */
export async function fillScene({ client, buckets, projectId }: ServedConsole): Promise<Scene> {
  const { calls } = client;
  const listed = JSON.parse(await readFile(join(examples, 'sync-request.json'), 'utf8')) as {
    readonly sync: readonly BackupSyncInput[];
  };
  // Nothing is sent to an address on the machine of the server: its events wait.
  await calls.addHook({ name: 'pager', url: 'https://localhost/hook', newest_older_than_s: 93_600 });
  const failedIds = await imported(client, listed.sync);

  const nightly = join(buckets, 'nightly');
  const files = { id: 'file-server', name: 'file-server', bucket: 'nightly' };
  await writeChain(nightly, files, [13, 12, 11, 10, 9, 8, 7]);
  await writeChain(nightly, files, [6, 5, 4, 3, 2, 1, 0]);
  const brokenBackupId = idOf(files, 10);
  await rm(join(nightly, files.id, brokenBackupId, 'data'), { recursive: true });
  const { source: watched } = await calls.addSource({ name: 'nightly', bucket_name: 'nightly', interval_s: 3600 });
  await ran(client, watched.id);

  const archive = { id: 'accounting', name: 'accounting', bucket: 'archive' };
  await writeChain(join(buckets, 'archive'), archive, [3, 2, 1]);
  const { source: held } = await calls.addSource({ name: 'archive', bucket_name: 'archive', interval_s: 86_400 });
  await ran(client, held.id);
  await rm(join(buckets, 'archive', archive.id), { recursive: true });
  await ran(client, held.id);

  const { operation_id } = await calls.verifyBackup({ backup_id: idOf(files, 0), level: 'replay' });
  await ended(client, operation_id);
  const { project } = await calls.createProject({ name: 'test-lab' });
  await calls.grantRole({ user_name: 'admin', target_project_id: project.id, role: 'administrator' });
  await calls.grantBucket({ target_project_id: projectId, bucket_name: 'nightly' });
  await calls.createAccessKey({ user_name: 'operator', target_project_id: projectId });
  return {
    brokenResourceId: files.id,
    brokenBackupId,
    heldSourceId: held.id,
    failedOperationId: failedIds[0] ?? '',
  };
}

/** Imports backups, and returns the ids of the operations that failed. */
export async function imported(client: Client, items: readonly BackupSyncInput[]): Promise<readonly string[]> {
  const failed: string[] = [];
  for await (const { id, status } of client.waitFor(client.syncBackups(items)))
    if (status === 'failed') failed.push(id);
  return failed;
}

/** Runs a source and waits until the run has ended. */
async function ran(client: Client, sourceId: string): Promise<void> {
  const { operation_id } = await client.calls.scanSource({ source_id: sourceId });
  await ended(client, operation_id);
}

async function ended(client: Client, operationId: string): Promise<void> {
  for await (const { status } of client.followOperation(operationId)) if (status === 'failed') return;
}

type Resource = { readonly id: string; readonly name: string; readonly bucket: string };

function idOf({ id }: Resource, daysAgo: number): string {
  return `${id}-${new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 10)}`;
}

/** Writes a full backup and its increments with this project's manifest, the first one as many days ago, and so on. */
async function writeChain(bucket: string, resource: Resource, daysAgo: readonly number[]): Promise<void> {
  let parent: string | null = null;
  for (const [place, days] of daysAgo.entries()) {
    const id = idOf(resource, days);
    const made = join(`${bucket}-made`, id);
    const output = join(bucket, resource.id, id);
    const image = parent === null ? output : made;
    await mkdir(image, { recursive: true });
    const volume = Buffer.alloc(4 * blockBytes, resource.id);
    volume.fill(id, (place % 4) * blockBytes, ((place % 4) + 1) * blockBytes);
    await writeFile(join(image, 'disk'), volume);
    await createManifest({
      directory: image,
      output,
      backup: { id, name: id, createdAtMs: Date.now() - days * dayMs },
      resource: { id: resource.id, name: resource.name, type: 'OS::Native::Server' },
      signal: new AbortController().signal,
      ...(parent !== null && { parent: { path: parent } }),
    });
    parent = join(output, 'manifest.json');
  }
  await rm(`${bucket}-made`, { recursive: true, force: true });
}

/** Starts verifications that take a minute, since the server may make only one request to storage a second. */
export async function startSlowWork({ client, stop, start }: ServedConsole): Promise<void> {
  await stop();
  await start({ BACKUP_SYNC_REQUESTS_PER_SECOND: '1' });
  const { backups } = await client.calls.listBackups({ resource_id: 'file-server', status: 'available', limit: 6 });
  for (const { id } of backups) await client.calls.verifyBackup({ backup_id: id, level: 'replay' });
}
