import { setTimeout as pause } from 'node:timers/promises';
import { postAll } from './call-server.ts';
import type { LoadedServer } from './load-server.ts';
import { startService } from './service-process.ts';
import { linksOfChain, slowCalls } from './slow-chains.ts';

const callsAtOnce = 8;
const pollMs = 100;

/** Numbers of requests by kind. */
export type Requests = { readonly list: number; readonly get: number };

/** Small chains on storage that answers each request after `latencyMs`. */
export type SlowChains = { readonly chains: number; readonly buckets: number; readonly latencyMs: number };

/** Storage that answers slowly, in its own process, with what syncs its chains. */
export type SlowService = AsyncDisposable & {
  readonly specification: string;
  readonly links: number;
  readonly objects: number;
  /** Syncs all chains, and waits until every import has ended. Returns what that took. */
  readonly syncAll: (server: LoadedServer) => Promise<{ readonly seconds: number; readonly requests: Requests }>;
  /** Returns how many requests an act makes. */
  readonly countDuring: (act: () => Promise<void>) => Promise<Requests>;
};

export async function startSlowService({ chains, buckets, latencyMs }: SlowChains): Promise<SlowService> {
  const service = await startService('slow-storage.ts', [chains, buckets, latencyMs]);
  const { calls, objects } = slowCalls(chains, buckets);
  const count = async () => (await (await fetch(`${service.endpoint}/requests`)).json()) as Requests;
  async function countDuring(act: () => Promise<void>): Promise<Requests> {
    const before = await count();
    await act();
    const after = await count();
    return { list: after.list - before.list, get: after.get - before.get };
  }
  return {
    specification: `s3:${service.endpoint}`,
    links: chains * linksOfChain,
    objects,
    countDuring,
    async syncAll(server) {
      const startedAtMs = performance.now();
      const requests = await countDuring(async () => {
        const url = new URL(`/v3/${server.projectId}/backups/sync`, server.endpoint);
        await postAll(url, server.headers, calls, callsAtOnce);
        await importsEnded(server);
      });
      return { seconds: (performance.now() - startedAtMs) / 1000, requests };
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** Waits until every import has ended. Throws if one failed. */
async function importsEnded(server: LoadedServer): Promise<void> {
  const countOf = async (status: string) => {
    const path = `/v3/${server.projectId}/operation-logs?limit=1&status=${status}`;
    return (await server.get<{ count: number }>(path)).count;
  };
  while ((await countOf('waiting,running')) > 0) await pause(pollMs);
  const failed = await countOf('failed,timeout');
  if (failed > 0) throw new Error(`${failed} imports failed`);
}
