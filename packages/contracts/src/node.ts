import { z } from 'zod';
import { madeId, operationId, ownProjectId, projectId, shown, wireTime } from './fields.ts';
import { operationKind } from './operation.ts';

/** Maximum number of running operations that are listed for one node. */
export const nodeOperationsMax = 20;

export const node = z
  .object({
    id: madeId.meta({ description: 'Id of the node. A node that was cut off for too long continues under a new id.' }),
    host_name: z.string().meta({ description: 'Name of the machine.' }),
    process_id: z.int().meta({ description: 'Number of the process on that machine.' }),
    version: z.string().meta({ description: 'Release of the program; empty if it is not known.' }),
    serves: z.boolean().meta({ description: 'Whether the node answers calls.' }),
    works: z.boolean().meta({ description: 'Whether the node runs operations.' }),
    started_at: wireTime.meta({ description: 'When the node was registered.' }),
    seen_at: wireTime.meta({
      description: 'Last heartbeat. After 15 seconds without one, other nodes take over the work of the node.',
    }),
    clock_ahead_ms: z.int().meta({
      description:
        'Milliseconds by which the clock of the machine is ahead of the database’s; negative if it is behind. Nodes use the time of the database.',
    }),
    operation_count: z.int().meta({ description: 'Number of operations that run on the node.' }),
    operations: z
      .array(
        z.object({
          id: operationId,
          project_id: ownProjectId,
          kind: operationKind,
          bucket_name: shown.bucketName,
          started_at: wireTime.nullable().meta({ description: 'When the node started the operation.' }),
        }),
      )
      .meta({ description: `Operations that run on the node: the first ${nodeOperationsMax}.` }),
  })
  .meta({ id: 'Node', description: 'A process that answers calls, runs operations, or both.' });
export type Node = z.infer<typeof node>;

export const listNodesInput = z.object({ project_id: projectId });
export const listNodesAnswer = z
  .object({ nodes: z.array(node).meta({ description: 'All nodes that share the catalogue, oldest first.' }) })
  .meta({ id: 'ListNodesAnswer' });
