import { accept } from '../steps/accept.ts';
import { overdueWaits } from '../steps/await-parent.ts';
import { countBacklog } from '../steps/backlog.ts';
import { cancelledImports } from '../steps/cancel-import.ts';
import { cancelOperation } from '../steps/cancel-operation.ts';
import { retryOfChain } from '../steps/due-chains.ts';
import { endOverdueRuns } from '../steps/end-run.ts';
import { addFindings, listFindings } from '../steps/findings.ts';
import { finishImport } from '../steps/finish-import.ts';
import { listOperationLogs } from '../steps/list-operation-logs.ts';
import { listOperations } from '../steps/list-operations.ts';
import { endOverdueWaits } from '../steps/outages.ts';
import { isAnythingRunning, releaseUnfinished } from '../steps/release-unfinished.ts';
import { retryImport, retryOfTask, retryTask } from '../steps/retries.ts';
import { showOperation } from '../steps/show-operation.ts';
import { startChain, startChildren } from '../steps/start-chain.ts';
import {
  addTask,
  finishListing,
  finishTask,
  joinTask,
  releaseTasks,
  saveTaskProgress,
  showTask,
  startTask,
} from '../steps/tasks.ts';
import { auditedStep, type Step } from './step.ts';

/** Operations of all kinds, from their acceptance to their end. */
export const operationSteps = {
  /**
   * Writes all items of a request or none. Answers their ids in the order of the items, and the chains to be worked on.
   * An item that equals one of the same project in flight (all fields, and whether its ancestors are wanted) gets that
   * operation's id instead of a new one. Interactive items raise to their lane what is in flight of their backups.
   */
  accept: { ...auditedStep(accept, { isDone: () => true }), notesTransitions: true },
  /**
   * Makes the waiting operations of a chain running, epoch risen, and returns them in the order of acceptance: not
   * those that wait for another backup and have time left, and not those whose next attempt is not due. With them come
   * those that the same owner took up before and has not finished: it comes again after a fault. Of one backup at most
   * the oldest unfinished operation is taken, whatever its chain: others wait behind it.
   */
  startChain: { access: 'write', notesTransitions: true, run: startChain },
  /**
   * As `startChain`, for those waiting operations of a chain alone that came up in the course of `parentOperationId`.
   */
  startChildren: { access: 'write', notesTransitions: true, run: startChildren },
  /**
   * Ends an operation, writes its record and proofs. It does nothing and answers `stale_epoch` where the operation is
   * no longer running under this epoch, or `stale_record` where the record's revision is no longer `decidedOnRevision`
   * (decide anew). After `finished`, chains with waiting operations for the same backup, and with operations that
   * waited for this backup, are returned: they may go on now.
   *
   * An import with a `missingParent` does not end if an import of that parent is unfinished: it becomes waiting, and is
   * not taken up before one of these imports has ended. If the parent's record has changed since it was looked for, the
   * import becomes waiting and its own chain is returned. If its wait would close a cycle, nothing is done.
   *
   * A proof that it writes, and that shows another recorded backup to be broken where it lies, marks that record, and a
   * broken record marks those that build on it: nothing stays available against what is known. What builds on a backup
   * whose state changes is accepted to be imported as well, and its chains are returned. An import that was cancelled
   * while it ran ends as cancelled, and writes neither record nor proofs.
   */
  finishImport: { access: 'write', notesTransitions: true, run: finishImport },
  /**
   * Makes a running import wait for another attempt, or end if it was cancelled, and returns the chains to be worked
   * on; null where it no longer runs under this epoch.
   */
  retryImport: { access: 'write', notesTransitions: true, run: retryImport },
  /** A chain with the time of its next attempt; null if none waits for one. */
  retryOfChain: { access: 'read', run: retryOfChain },
  /**
   * Notes the wish, and answers the operation and the chains that may go on; null if the project has no such import or
   * task. One that waits ends at once as `failed` with the reason `cancelled`, for all who wanted it; so does a task
   * that waits for its imports, which go on. A running one is marked: whoever works on it ends it, and sees the mark of
   * a task with its next progress. One that has ended stays as it ended.
   */
  cancelOperation: {
    ...auditedStep(cancelOperation, { isDone: (cancelled) => cancelled !== null }),
    notesTransitions: true,
  },
  /** The running imports of a chain that were cancelled. */
  cancelledImports: { access: 'read', run: cancelledImports },
  /**
   * Ends imports and tasks that wait for a bucket as `failed`, without asking storage. `ended` tells how many;
   * `parentIds` are the operations in whose course they came up.
   */
  endOverdueWaits: { access: 'write', notesTransitions: true, run: endOverdueWaits },
  /** The chains of imports that wait for another backup and whose time is up: `startChain` takes them up now. */
  overdueWaits: { access: 'read', run: overdueWaits },
  /** Counts the unfinished imports of a project. */
  countBacklog: { access: 'read', isLong: true, run: countBacklog },
  /** Whether an operation of any kind and project is said to run. */
  isAnythingRunning: { access: 'read', run: isAnythingRunning },
  /**
   * Makes running operations wait again (their worker died or stops) and returns the chains that have waiting
   * operations: all of them, or those leased by `leaseOwner` alone.
   */
  releaseUnfinished: { access: 'write', notesTransitions: true, run: releaseUnfinished },
  /** An import or a deletion; null for other kinds, which are tasks. */
  showOperation: { access: 'read', run: showOperation },
  /**
   * A page of the operations that CBR calls `sync` and `delete`: imports, deletions and the runs of sources, newest
   * first.
   */
  listOperationLogs: { access: 'read', isLong: true, run: listOperationLogs },
  /** A page of the operations of all kinds, newest first. */
  listOperations: { access: 'read', isLong: true, run: listOperations },
  /**
   * Adds a task and answers its lane. Notes the resource of the task's backup beside it, where that is recorded:
   * listings find it by that too.
   */
  addTask: {
    ...auditedStep(addTask, {
      isDone: () => true,
      made: (_, [{ id }]) => [{ field: 'operation_id', value: id }],
    }),
    notesTransitions: true,
  },
  /**
   * Adds a task, unless one waits or runs that does the same: then it answers that one's id. The same are tasks of one
   * project, kind, storage unit, bucket and backup, whose requests agree in each of `sameRequest`. No task is joined
   * that someone has cancelled, that has listed everything, or that a source or another operation has started.
   */
  joinTask: {
    ...auditedStep(joinTask, {
      isDone: () => true,
      made: ({ operationId }) => [{ field: 'operation_id', value: operationId }],
    }),
    notesTransitions: true,
  },
  /**
   * Makes a waiting task whose next attempt is due running, or takes up again one that this owner has running; epoch
   * risen, findings of an earlier try removed, its progress kept. Null where it has ended, another owner runs it, or
   * its next attempt is not due.
   */
  startTask: { access: 'write', notesTransitions: true, run: startTask },
  /**
   * Makes a running task wait for another attempt, keeps its progress, and returns it with its time; null where it no
   * longer runs under this epoch, or is cancelled, which ends it.
   */
  retryTask: { access: 'write', notesTransitions: true, run: retryTask },
  /** A task that waits for another attempt; null if it does not. */
  retryOfTask: { access: 'read', run: retryOfTask },
  /** Does nothing and answers `running: false` unless the task runs under this epoch. */
  saveTaskProgress: { access: 'write', run: saveTaskProgress },
  /** Adds what a scan or plan has found. Does nothing and answers false unless the task runs under this epoch. */
  addFindings: { access: 'write', run: addFindings },
  /** Ends a task. Does nothing and answers false unless the task runs under this epoch. */
  finishTask: { access: 'write', notesTransitions: true, run: finishTask },
  /**
   * Lets a scan wait for its imports, without a lease: it ends in the step that ends the last of them, or in this one
   * if there is none or it is cancelled. It ends `failed` exactly if backups are in error. False as for `finishTask`.
   */
  finishListing: { access: 'write', notesTransitions: true, run: finishListing },
  /** Ends as `timeout` what waits for its imports beyond its deadline. */
  endOverdueRuns: { access: 'write', notesTransitions: true, run: endOverdueRuns },
  /**
   * Makes running tasks wait again, but for those that wait for their imports, and returns all that wait: all, or those
   * leased by `leaseOwner` alone.
   */
  releaseTasks: { access: 'write', notesTransitions: true, run: releaseTasks },
  /** A task; null where the project has none of this id. */
  showTask: { access: 'read', run: showTask },
  /** Pages through what a scan or plan found, in the order of finding, behind `after` (0: from the start). */
  listFindings: { access: 'read', isLong: true, run: listFindings },
} as const satisfies Record<string, Step>;
