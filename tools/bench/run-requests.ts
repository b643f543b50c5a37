import { makeSource } from '../../packages/engine/src/catalogue/fixtures-for-conformance.ts';
import { hasItem } from '../../packages/engine/src/catalogue/operation-records.ts';
import { startSourceRun } from '../../packages/engine/src/sources/start-source-run.ts';
import { countRequests } from '../../packages/engine/src/storage/counted-storage-unit.ts';
import { listPageEntriesMax } from '../../packages/engine/src/storage/port.ts';
import { writeLonghornVolume } from '../../packages/engine/src/testing/longhorn-writer.ts';
import { openServicesOver } from '../../packages/engine/src/testing/services-over.ts';
import { writeSmallChain } from '../../packages/engine/src/testing/small-chain.ts';
import { DatedBucket } from './dated-bucket.ts';
import { type Figure, shownNumber } from './figure.ts';

const bucketName = 'backups';
const linkageMaxBytes = 8 * 1024 ** 3;
const blocks = 64;

/** The objects of the first backups of a volume, and one that the first of them needs. */
type Volume = { readonly objects: ReadonlyMap<string, Uint8Array>; readonly needed: string };

type Format = {
  readonly name: string;
  readonly backupsOfVolume: number;
  /** Writes the first `backups` backups of a volume, the same bytes each time. */
  readonly write: (volume: number, backups: number) => Volume;
};

const cinder: Format = {
  name: 'Cinder',
  backupsOfVolume: 5,
  write(volume, backups) {
    const changes = Array.from({ length: backups - 1 }, (_, day) => [day % 8]);
    const chain = writeSmallChain(`runs-${volume}`, 8, changes);
    return {
      objects: new Map(chain.flatMap(({ objects }) => [...objects])),
      needed: `${chain[0]?.imagePath}-00002`,
    };
  },
};

const longhorn: Format = {
  name: 'Longhorn',
  backupsOfVolume: 100,
  write(volume, backups) {
    const all = Array.from({ length: blocks }, (_, block) => block);
    const changes = Array.from({ length: backups }, (_, day) => (day === 0 ? all : [(7 * day) % blocks]));
    const { objects, blockKeys } = writeLonghornVolume(`runs-${volume}-`, blocks, changes);
    return { objects, needed: blockKeys[0]?.[1] ?? '' };
  },
};

/**
 * Runs a source over this many backups of each format, and prints the requests of each run and its imports. Returns
 * those of an unchanged run.
 */
export async function measureRunRequests(print: (line: string) => void, backups: number): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const format of [cinder, longhorn]) {
    figures.push(await measureRuns(print, format, Math.ceil(backups / format.backupsOfVolume)));
  }
  return figures;
}

async function measureRuns(print: (line: string) => void, format: Format, volumes: number): Promise<Figure> {
  const { name: formatName, backupsOfVolume, write } = format;
  const bucket = new DatedBucket();
  for (let volume = 0; volume < volumes; volume += 1) bucket.put(write(volume, backupsOfVolume).objects);
  print(`${formatName}, ${volumes} volumes of ${backupsOfVolume} backups, ${bucket.size} objects`);

  const { unit, count } = countRequests(bucket.open());
  // The clock of these services stands still, so a full backlog would never be counted again.
  const backlogMax = Number.POSITIVE_INFINITY;
  await using over = await openServicesOver(unit, bucketName, { linkageMaxBytes, backlogMax });
  const { services, projectId, faults } = over;
  const source = makeSource(projectId, 'source-1', { storageUnitId: unit.id, bucketName, nextRunAtMs: null });
  await services.catalogue.sources.addSource(source);

  /** Runs the source once. Returns all requests, also those of imports. */
  async function row(name: string): Promise<number> {
    const before = count();
    const startedAtMs = performance.now();
    const actor = { kind: 'system', name: 'bench' } as const;
    const started = await startSourceRun(services, source, { actor, requestId: 'bench', confirmsRemovals: false });
    await over.workOnAll();
    const seconds = (performance.now() - startedAtMs) / 1000;
    const operation = await services.catalogue.operations.showOperation(projectId, started?.operationId ?? '');
    if (operation === null || hasItem(operation)) throw new Error('the run is not in the catalogue');
    const own = operation.requests;
    if (!own || faults.length > 0) throw new Error(`the run did not end: ${faults.join(', ')}`);
    const lists = count().lists - before.lists - own.lists;
    const gets = count().gets - before.gets - own.gets;
    print(
      `  ${name}: run ${own.lists} LIST, ${own.gets} GET, accepts ${operation.progress.imports_accepted}; with its imports ` +
        `${lists} LIST, ${gets} GET; ${operation.status}; ${seconds.toFixed(1)} s`,
    );
    return count().lists - before.lists + count().gets - before.gets;
  }

  const { objects, needed } = write(0, backupsOfVolume);
  await row('first');
  const pages = Math.ceil(bucket.size / listPageEntriesMax);
  const unchanged = await row('unchanged');
  bucket.remove(needed);
  await row('one object lost');
  bucket.put(objects);
  await row('the object is back');
  bucket.put(write(0, backupsOfVolume + 1).objects);
  await row('one more increment');
  for (let volume = 1; volume < volumes; volume += 1) bucket.put(write(volume, backupsOfVolume + 1).objects);
  await row('one more increment of each other volume');
  await row('unchanged');
  return {
    name: `requests of an unchanged run of a source, ${shownNumber(volumes * backupsOfVolume)} backups of ${formatName}`,
    value: unchanged,
    unit: 'requests',
    beside: { name: 'LIST pages of the bucket', value: pages },
    target: { atMost: 1 },
  };
}
