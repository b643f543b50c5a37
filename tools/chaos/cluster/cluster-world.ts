import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCallers, openGate, type World } from '../world.ts';
import { CatalogueView } from './catalogue-view.ts';
import { checkCluster } from './check-cluster.ts';
import { Cluster } from './cluster.ts';

/** A world of two API nodes and two workers on PostgreSQL. */
export type ClusterWorld = World & { readonly cluster: Cluster; readonly catalogue: CatalogueView };

export async function openClusterWorld(): Promise<ClusterWorld> {
  await using opening = new AsyncDisposableStack();
  const { gate, buckets } = opening.use(await openGate());
  const cluster = opening.use(await Cluster.open(gate.specification));
  const catalogue = opening.use(new CatalogueView(cluster.database));
  const callers = opening.use(await openCallers(cluster));
  const owned = opening.move();
  return {
    ...callers,
    gate,
    buckets,
    cluster,
    catalogue,
    killOne: async (draws) => {
      const { process } = draws.oneOf(cluster.nodes);
      await process.kill();
      await process.start();
    },
    checkOwn: (report) => checkCluster(catalogue, report),
    keep: async () => {
      for (const { process } of cluster.nodes) await process.kill();
      await cluster.database.kill();
      const kept = await mkdtemp(join(tmpdir(), 'backup-sync-chaos-kept-'));
      await cp(cluster.database.directory, kept, { recursive: true });
      return kept;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
