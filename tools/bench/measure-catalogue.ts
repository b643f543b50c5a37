import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { type BackupSync, syncItemsMax } from '../../packages/contracts/src/index.ts';
import { startPostgres } from '../../packages/engine/src/testing/test-database.ts';
import { createPostgresCatalogue } from './bench-database.ts';
import { type Figure, shownNumber } from './figure.ts';
import { fillCatalogue, recordId, recordName, resourceId } from './load-catalogue.ts';
import { type LoadedCatalogue, type LoadedServer, startLoadedServer } from './load-server.ts';
import { quantile } from './paired-difference.ts';
import { openSilentStorage } from './silent-storage.ts';

const fewRecords = 10_000;
/** In both catalogues, so that lists of resources are equally long. */
const resources = 1000;
/** Rounds that are not measured, after which code is compiled and connections are open. */
const firstRounds = 5;

/** A server with its number of records. */
type Filled = { readonly server: LoadedServer; readonly records: number };

/** A call to a filled server. Each round differs, so that no answer is known from before. */
type MeasuredCall = (filled: Filled, round: number) => Promise<unknown>;

const backupsPath = ({ server }: Filled) => `/v3/${server.projectId}/backups`;
/** Numbers of records from all over the catalogue. */
const someRecord = ({ records }: Filled, round: number) => (round * 7_919 + 1) % records;

const calls: Readonly<Record<string, MeasuredCall>> = {
  [`accept ${syncItemsMax} items`]: ({ server }) => server.sync(newItems()),
  'show a backup': (filled, round) =>
    filled.server.get(`${backupsPath(filled)}/${recordId(someRecord(filled, round))}`),
  'list the backup with a name': (filled, round) =>
    filled.server.get(`${backupsPath(filled)}?name=${recordName(someRecord(filled, round))}`),
  'list ten backups of a resource': (filled, round) =>
    filled.server.get(`${backupsPath(filled)}?limit=10&resource_id=${resourceId(round % resources)}`),
  'list the broken backups': (filled) => filled.server.get(`${backupsPath(filled)}?status=error`),
  'list the first 100 backups': (filled) => filled.server.get(`${backupsPath(filled)}?limit=100`),
  'list what check reads, 1 000 resources': ({ server }) =>
    server.get(`/v1/projects/${server.projectId}/resources?level=linkage`),
};

function newItems(): readonly BackupSync[] {
  return Array.from({ length: syncItemsMax }, () => {
    const id = randomUUID();
    return {
      backup_id: id,
      backup_name: 'new',
      bucket_name: 'new',
      image_path: `volume_${id}/20260301020000/az_nova_backup_${id}`,
      resource_id: id,
      resource_name: 'new',
      resource_type: 'OS::Cinder::Volume',
      created_at: 1_700_000_000,
    };
  });
}

/**
 * Measures calls to servers with many and with 10,000 backups in turn, first on SQLite and then on PostgreSQL. Storage
 * does not answer, so that no import is worked on meanwhile.
 */
export async function measureCatalogue(records: number, rounds: number): Promise<readonly Figure[]> {
  await using home = await temporaryDirectory();
  await using postgres = await startPostgres(true);
  const databases: Readonly<Record<string, () => Promise<LoadedCatalogue>>> = {
    SQLite: async () => ({ BACKUP_SYNC_DATA_DIR: join(home.path, randomUUID()) }),
    PostgreSQL: () => createPostgresCatalogue(postgres.url),
  };
  const figures: Figure[] = [];
  for (const [database, create] of Object.entries(databases)) {
    await using storage = await openSilentStorage();
    await using many = await startFilled(await create(), storage.specification, records);
    await using few = await startFilled(await create(), storage.specification, fewRecords);
    for (const [name, call] of Object.entries(calls)) {
      const times = await measureInTurn(call, [many, few], rounds);
      const [ofMany = Number.NaN, ofFew = Number.NaN] = times;
      figures.push({
        name: `${name}, of ${shownNumber(records)} on ${database}`,
        value: ofMany,
        unit: 'ms',
        beside: { name: `of ${shownNumber(fewRecords)}`, value: ofFew },
        target: { atMost: 2 },
      });
    }
  }
  return figures;
}

async function startFilled(
  catalogue: LoadedCatalogue,
  storage: string,
  records: number,
): Promise<Filled & AsyncDisposable> {
  // The first start creates the project.
  const empty = await startLoadedServer(catalogue, storage);
  await empty[Symbol.asyncDispose]();
  await fillCatalogue(catalogue, empty.projectId, 'default', { records, resources });
  const server = await startLoadedServer(catalogue, storage);
  return { server, records, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Returns the median time of a call to each server, in milliseconds. */
async function measureInTurn(
  call: MeasuredCall,
  servers: readonly Filled[],
  rounds: number,
): Promise<readonly number[]> {
  const times = servers.map((): number[] => []);
  for (let round = -firstRounds; round < rounds; round += 1) {
    for (const [index, server] of servers.entries()) {
      const startedAtMs = performance.now();
      await call(server, round + firstRounds);
      if (round >= 0) times[index]?.push(performance.now() - startedAtMs);
    }
  }
  return times.map((each) => quantile(each, 0.5));
}
