import { type Node, nodeOperationsMax, toWireTime } from '@backup-sync/contracts';
import type { NodeRecord } from '../catalogue/node-records.ts';
import { wireKind } from '../catalogue/operation-records.ts';
import type { OwnNode } from '../nodes/lease-holder.ts';
import { nodePace } from '../nodes/live-nodes.ts';
import type { QueryServices } from '../services.ts';
import type { QueryHandler } from './call-context.ts';

export const listNodes: QueryHandler<'listNodes'> = async ({ services }) => {
  const own = services.world.ownNode;
  const nodes = own === null ? await listLiving(services) : [await show(services, own)];
  return { nodes: nodes.map(nodeView) };
};

/** The nodes that live. A dead one stays in the catalogue until another node takes over, which may be never. */
async function listLiving({ catalogue, world: { clock } }: QueryServices): Promise<readonly NodeRecord[]> {
  const nodes = await catalogue.nodes.listNodes(nodeOperationsMax);
  // Heartbeats are times of the database.
  const nowMs = await catalogue.nodes.readClock(clock.nowMs());
  return nodes.filter(({ heartbeatAtMs }) => nowMs - heartbeatAtMs <= nodePace.deadAfterMs);
}

/** Shows the process that alone uses its catalogue. It is not registered there. */
async function show({ catalogue, world: { clock } }: QueryServices, own: OwnNode): Promise<NodeRecord> {
  const leases = await catalogue.nodes.showLeases(own.id, nodeOperationsMax);
  return { ...own, heartbeatAtMs: clock.nowMs(), clockAheadMs: 0, jobs: leases.count, leases };
}

function nodeView(node: NodeRecord): Node {
  return {
    id: node.id,
    host_name: node.hostName,
    process_id: node.pid,
    version: node.version,
    serves: node.serves,
    works: node.works,
    started_at: toWireTime(node.startedAtMs),
    seen_at: toWireTime(node.heartbeatAtMs),
    clock_ahead_ms: node.clockAheadMs,
    operation_count: node.leases.count,
    operations: node.leases.operations.map((operation) => ({
      id: operation.id,
      project_id: operation.projectId,
      kind: wireKind(operation),
      bucket_name: operation.bucketName,
      started_at: operation.startedAtMs === null ? null : toWireTime(operation.startedAtMs),
    })),
  };
}
