import { temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { listPageEntriesMax } from '../../packages/engine/src/storage/port.ts';
import { type Figure, shownNumber } from './figure.ts';
import { startLoadedServer } from './load-server.ts';
import { type Requests, startSlowService } from './slow-service.ts';

/** Requests that the server has in flight for one bucket, as it does by default. */
const requestsInFlight = 32;

/**
 * Imports chains of three small links from one bucket of a service that takes this long for each request, then syncs
 * and scans the same chains again, unchanged. The rate of requests is not limited.
 */
export async function measureSlowImports(chains: number, latencyMs: number): Promise<readonly Figure[]> {
  await using home = await temporaryDirectory();
  await using service = await startSlowService({ chains, buckets: 1, latencyMs });
  const catalogue = { BACKUP_SYNC_DATA_DIR: home.path };
  const settings = { BACKUP_SYNC_REQUESTS_PER_SECOND: '1000000' };
  await using server = await startLoadedServer(catalogue, service.specification, { settings });

  const first = await service.syncAll(server);
  const unchanged = await service.syncAll(server);
  const scanned = await service.countDuring(async () => {
    const path = `/v1/projects/${server.projectId}/scans`;
    const status = await server.operate(path, { bucket_name: 'slow-0', sync: true }, new AbortController().signal);
    if (status !== 'success') throw new Error(`the scan ended ${status}`);
  });

  const name = `import of ${shownNumber(chains)} chains of 3 links, ${latencyMs} ms a request`;
  const sum = ({ list, get }: Requests) => list + get;
  const idealSeconds = (requests: Requests) => (sum(requests) * latencyMs) / 1000 / requestsInFlight;
  const ideal = 'requests x latency / requests in flight';
  return [
    {
      name,
      value: first.seconds,
      unit: 's',
      beside: { name: ideal, value: idealSeconds(first.requests) },
      target: { atMost: 1.25 },
    },
    {
      name: 'a sync of the same chains, unchanged',
      value: unchanged.seconds,
      unit: 's',
      beside: { name: ideal, value: idealSeconds(unchanged.requests) },
    },
    {
      name: 'requests of a sync of the same chains, unchanged',
      value: sum(unchanged.requests),
      unit: 'requests',
      beside: { name: 'LIST pages, one for each chain', value: chains },
      target: { atMost: 1 },
    },
    {
      name: 'requests of a scan of the same chains, unchanged',
      value: sum(scanned),
      unit: 'requests',
      beside: { name: 'LIST pages of the bucket', value: Math.ceil(service.objects / listPageEntriesMax) },
      target: { atMost: 1 },
    },
  ];
}
