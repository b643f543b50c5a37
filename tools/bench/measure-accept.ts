import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { syncItemOf, writeSmallChain } from '../../packages/engine/src/testing/small-chain.ts';
import { startPostgres } from '../../packages/engine/src/testing/test-database.ts';
import { createDatabase, createPostgresCatalogue } from './bench-database.ts';
import { postAll } from './call-server.ts';
import type { Figure } from './figure.ts';
import { type LoadedCatalogue, startLoadedServer } from './load-server.ts';
import { quantile } from './paired-difference.ts';
import { openSilentStorage } from './silent-storage.ts';
import { insertIntoPostgres, insertIntoSqlite, readPostgresRows, readSqliteRows } from './written-rows.ts';

const connections = 8;
const chainsOfCall = 10;
const backupsOfChain = 5;
const itemsOfCall = chainsOfCall * backupsOfChain;
/** Calls that are not measured, after which code is compiled and connections are open. */
const firstCalls = 16;
const bucket = 'daily';

type Accepted = { readonly perSecond: number; readonly p99Ms: number };

/**
 * Measures how many items a second a built server accepts over HTTP, in lists of 50 items in 10 chains, once while
 * storage does not answer and once while it imports them. Next to each is a batch insert of the rows that it wrote.
 */
export async function measureAccept(calls: number): Promise<readonly Figure[]> {
  await using home = await temporaryDirectory();
  const storage = await writeBuckets(join(home.path, 'storage'), calls + firstCalls);
  await using silent = await openSilentStorage();
  await using postgres = await startPostgres(true);
  const figures: Figure[] = [];
  for (const [name, work] of [
    ['imports held', silent.specification],
    ['next to the imports', `file:${storage.directory}`],
  ] as const) {
    const data = join(home.path, randomUUID());
    const onSqlite = await accept({ BACKUP_SYNC_DATA_DIR: data }, work, storage.calls);
    const sqliteLimit = await insertIntoSqlite(join(home.path, randomUUID()), readSqliteRows(data));
    figures.push(...figuresOf(`SQLite, ${name}`, onSqlite, sqliteLimit));

    const used = await createPostgresCatalogue(postgres.url);
    const onPostgres = await accept(used, work, storage.calls);
    const fresh = await createDatabase(postgres.url);
    const postgresRows = await readPostgresRows(used.BACKUP_SYNC_DATABASE_URL);
    const postgresLimit = await insertIntoPostgres(fresh, postgresRows, connections);
    figures.push(...figuresOf(`PostgreSQL, ${name}`, onPostgres, postgresLimit));
  }
  return figures;
}

function figuresOf(name: string, { perSecond, p99Ms }: Accepted, limit: number): readonly Figure[] {
  return [
    {
      name: `accept on ${name}`,
      value: perSecond,
      unit: 'items/s',
      beside: { name: 'batch insert of the same rows', value: limit },
      target: { atLeast: 0.7 },
    },
    { name: `99 % of its calls, ${connections} at once`, value: p99Ms, unit: 'ms', target: { atMost: 150 } },
  ];
}

async function accept(catalogue: LoadedCatalogue, storage: string, calls: readonly string[]): Promise<Accepted> {
  await using server = await startLoadedServer(catalogue, storage);
  const url = new URL(`/v3/${server.projectId}/backups/sync`, server.endpoint);
  await postAll(url, server.headers, calls.slice(0, firstCalls), connections);
  const measured = calls.slice(firstCalls);
  const startedAtMs = performance.now();
  const latencies = await postAll(url, server.headers, measured, connections);
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { perSecond: (measured.length * itemsOfCall) / seconds, p99Ms: quantile(latencies, 0.99) };
}

/** Writes chains into a bucket in a directory, and returns the calls that sync them. */
async function writeBuckets(
  directory: string,
  calls: number,
): Promise<{ readonly directory: string; readonly calls: readonly string[] }> {
  const days = Array.from({ length: backupsOfChain - 1 }, (_, day) => [day % 8]);
  const bodies: string[] = [];
  for (let call = 0; call < calls; call += 1) {
    const chains = Array.from({ length: chainsOfCall }, (_, chain) => writeSmallChain(`${call}/${chain}`, 8, days));
    for (const [key, bytes] of chains.flat().flatMap(({ objects }) => [...objects])) {
      const path = join(directory, bucket, key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
    }
    bodies.push(JSON.stringify({ sync: chains.flat().map((backup) => syncItemOf(backup, bucket)) }));
  }
  return { directory, calls: bodies };
}
