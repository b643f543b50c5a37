import type { Takeover } from '../node-records.ts';
import type { DueWork } from '../operation-records.ts';
import { beatNode, listNodes, readClock, registerNode, removeNode, showLeases, takeOverDead } from '../steps/nodes.ts';
import type { Step } from './step.ts';

/**
 * The processes that share the catalogue. A node registers, and then tells regularly that it lives. If it is silent for
 * too long, another node takes over its operations. A process that owns its catalogue alone registers nothing.
 *
 * Times are those of a database that several nodes share. On SQLite they are the given ones.
 */
export const nodeSteps = {
  /** Adds a node, and returns the time. Leases under its id hold from now on. */
  registerNode: { access: 'write', run: registerNode },
  /** Records that a node lives, and returns the time; null if the node is gone: others have taken over its operations. */
  beatNode: { access: 'write', isUrgent: true, run: beatNode },
  /** Removes a node that stops. Makes its operations wait again, and returns them as work that is due. */
  removeNode: { access: 'write', notesTransitions: true, due: (due: readonly DueWork[]) => due, run: removeNode },
  /**
   * Removes the nodes that have been silent for too long, and makes all operations wait again whose lease has no node.
   * An operation whose worker died five times in a row ends as `failed`, since it may be what kills them. Returns these
   * nodes, what has ended, and the work. Several nodes may do this at once: each dead node is in one answer.
   */
  takeOverDead: {
    access: 'write',
    locks: ['run'],
    notesTransitions: true,
    due: ({ due }: Takeover) => due,
    run: takeOverDead,
  },
  /** Returns all nodes, oldest first, each with the first `operationsMax` of its operations. */
  listNodes: { access: 'read', run: listNodes },
  /** Returns the running operations of one owner of leases, the first `operationsMax` by the time of their start. */
  showLeases: { access: 'read', run: showLeases },
  /** Returns the time, see above. */
  readClock: { access: 'read', run: readClock },
} as const satisfies Record<string, Step>;
