import { setImmediate as nextTurn } from 'node:timers/promises';
import { BackupSyncError } from '@backup-sync/contracts';
import type { Measured } from '@backup-sync/engine';
import { afterEach, expect, test, vi } from 'vitest';
import { catalogueFamilies } from './catalogue-families.ts';
import { Collector } from './collector.ts';
import { NodeMetrics } from './node-metrics.ts';
import { readScrape } from './testing-scrape.ts';
import { writeFamilies } from './write-families.ts';

afterEach(() => void vi.useRealTimers());

const empty: Measured = {
  sizeBytes: 1,
  projects: [],
  sources: [],
  resources: [],
  dropped: { projects: 0, sources: 0, resources: 0 },
  unfinished: [],
  oldest: [],
  outages: [],
  hooks: [],
  hookDeliveries: [],
  nowMs: 0,
};

const newCollector = () => new Collector(new NodeMetrics('0.0.0'), { dataDirectory: null });
const valueIn = (text: string, metric: string) => readScrape(text).find(({ name }) => name === metric)?.value;

test('scrapes at the same time share one reading of the catalogue', async () => {
  const collector = newCollector();
  const reading = Promise.withResolvers<Measured>();
  const measure = vi.fn(() => reading.promise);
  collector.begin({ checkReady: async () => {}, measure });
  const scrapes = [collector.write('text'), collector.write('openmetrics'), collector.write('text')];
  reading.resolve(empty);
  for (const { text } of await Promise.all(scrapes)) expect(valueIn(text, 'backup_sync_catalogue_read')).toBe(1);
  expect(measure).toHaveBeenCalledTimes(1);
  await collector.write('text');
  expect(measure).toHaveBeenCalledTimes(2);
});

test('if the catalogue does not answer, a scrape has the other metrics in time, and the next waits for the same reading', async () => {
  vi.useFakeTimers();
  const collector = newCollector();
  const measure = vi.fn(() => new Promise<never>(() => {}));
  collector.begin({ checkReady: () => Promise.reject(new BackupSyncError('unavailable', 'no answer')), measure });
  for (let each = 0; each < 2; each += 1) {
    const scrape = collector.write('text');
    await vi.advanceTimersByTimeAsync(9_000);
    const { text } = await scrape;
    expect(valueIn(text, 'backup_sync_ready')).toBe(0);
    expect(valueIn(text, 'backup_sync_catalogue_read')).toBe(0);
    expect(valueIn(text, 'backup_sync_catalogue_size_bytes')).toBeUndefined();
  }
  expect(measure).toHaveBeenCalledTimes(1);
});

test('other work has its turn while many series are written', async () => {
  const resources = Array.from({ length: 5_000 }, (_, index) => ({
    projectId: 'project',
    resourceId: String(index),
    resourceName: 'name',
    state: 'proved' as const,
    heads: [],
  }));
  let turns = 0;
  let isWriting = true;
  const otherWork = (async () => {
    for (; isWriting; turns += 1) await nextTurn();
  })();
  const text = await writeFamilies(catalogueFamilies({ ...empty, resources }), 'text');
  isWriting = false;
  await otherWork;
  expect(readScrape(text).filter(({ name }) => name === 'backup_sync_resource_state')).toHaveLength(5_000);
  expect(turns).toBeGreaterThan(5);
});

test('any number of buckets makes a limited number of series', async () => {
  const node = new NodeMetrics('0.0.0');
  for (let each = 0; each < 1_000; each += 1) node.requested(`bucket-${each}`, 'get', null);
  const text = await writeFamilies(await node.read(), 'text');
  const requests = readScrape(text).filter(({ name }) => name === 'backup_sync_storage_requests_total');
  expect(requests).toHaveLength(201);
  expect(requests.find(({ labels }) => labels.bucket === undefined)?.value).toBe(800);
});
