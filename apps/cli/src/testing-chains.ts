import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient } from '@backup-sync/core';
import { createManifest } from '@backup-sync/engine';
import { serve } from '@backup-sync/gateway';
import { expect } from 'vitest';
import { type Ended, temporaryDirectory } from './testing.ts';
import { runInProcess } from './testing-in-process.ts';

const blockBytes = 65_536;
const bucket = 'backups';

/** A server with recorded chains, and commands on it. */
export type ChainServer = AsyncDisposable & {
  readonly client: Client;
  readonly buckets: string;
  /** Runs a command; with `answer`, on a terminal where somebody types it. */
  call(args: readonly string[], answer?: string): Promise<Ended>;
  /** Path of an object of a link, in the bucket's directory. */
  objectOf(backupId: string): string;
};

/**
 * Three servers with a full backup and an increment each, all named `nightly`; the first has a third link, whose
 * objects are missing. Two of the servers have the same name. Also, a backup of an unknown format.
 */
export async function openChainServer(): Promise<ChainServer> {
  await using opening = new AsyncDisposableStack();
  const home = opening.use(await temporaryDirectory());
  const buckets = join(home.path, 'buckets');
  const made = join(home.path, 'made');
  const sync: object[] = [];
  const folderOf = (backupId: string) => join(buckets, bucket, backupId.slice(0, 4), backupId);
  for (const [resource, name, days] of [
    ['vm-1', 'mail server', 3],
    ['vm-2', 'web server', 2],
    ['vm-3', 'web server', 2],
  ] as const) {
    for (let day = 0; day < days; day += 1) {
      const id = `${resource}-day-${day}`;
      const atMs = Date.UTC(2026, 8, 1 + day, 2);
      await makeLink(join(made, id), {
        id,
        resource,
        name,
        atMs,
        day,
        parent: day === 0 ? null : join(made, `${resource}-day-${day - 1}`, 'upload', 'manifest.json'),
      });
      await cp(join(made, id, 'upload'), folderOf(id), { recursive: true });
      sync.push(itemOf(id, day === 2 ? 'third' : 'nightly', resource, name, `${resource}/${id}`, atMs));
    }
  }
  await rm(join(folderOf('vm-1-day-2'), 'data'), { recursive: true });
  await mkdir(join(buckets, bucket, 'plain', 'a'), { recursive: true });
  await writeFile(join(buckets, bucket, 'plain', 'a', 'disk'), 'bytes');
  sync.push(itemOf('plain-a', 'plain', 'plain', 'plain', 'plain/a', Date.UTC(2026, 8, 1)));

  const gateway = opening.use(
    await serve({
      dataDirectory: join(home.path, 'data'),
      storage: `file:${buckets}`,
      administratorPassword: 'a password of the test',
      host: '127.0.0.1',
      port: 0,
      version: '0.0.0',
      onFault: (place, error) => expect.fail(`${place}: ${String(error)}`),
    }),
  );
  const { endpoint, projectId, token } = gateway;
  const environment = {
    BACKUP_SYNC_ENDPOINT: endpoint,
    BACKUP_SYNC_TOKEN: token,
    BACKUP_SYNC_PROJECT: projectId,
    BACKUP_SYNC_STORAGE: `file:${buckets}`,
  };
  const synced = await runInProcess(['sync', '-', '--json'], { environment, input: JSON.stringify({ sync }) });
  expect(synced.code).toBe(3);
  const owned = opening.move();
  return {
    client: createClient({ endpoint, projectId, credentials: { token } }),
    buckets,
    call: (args, answer) =>
      runInProcess(args, { environment, ...(answer === undefined ? {} : { input: `${answer}\n`, atTerminal: true }) }),
    objectOf: (backupId) => join(folderOf(backupId), backupId.endsWith('day-0') ? 'disk' : 'data'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type LinkToMake = {
  readonly id: string;
  readonly resource: string;
  readonly name: string;
  readonly atMs: number;
  readonly day: number;
  readonly parent: string | null;
};

/** A volume of four blocks, of which one changes each day. */
async function makeLink(directory: string, { id, resource, name, atMs, day, parent }: LinkToMake): Promise<void> {
  const volume = Buffer.alloc(4 * blockBytes, resource);
  if (day > 0) volume.fill(`day ${day}`, day * blockBytes, (day + 1) * blockBytes);
  const image = parent === null ? join(directory, 'upload') : join(directory, 'image');
  await mkdir(image, { recursive: true });
  await writeFile(join(image, 'disk'), volume);
  await createManifest({
    directory: image,
    output: join(directory, 'upload'),
    backup: { id, name: 'nightly', createdAtMs: atMs },
    resource: { id: resource, name, type: 'OS::Native::Server' },
    signal: new AbortController().signal,
    ...(parent !== null && { parent: { path: parent } }),
  });
}

function itemOf(id: string, name: string, resource: string, resourceName: string, path: string, atMs: number): object {
  return {
    backup_id: id,
    backup_name: name,
    bucket_name: bucket,
    image_path: path,
    resource_id: resource,
    resource_name: resourceName,
    created_at: atMs / 1000,
  };
}
