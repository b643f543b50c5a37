import { accept } from '../steps/accept.ts';
import { addOperation, joinOperation } from '../steps/add-operation.ts';
import { overdueWaits } from '../steps/await-parent.ts';
import { countBacklog } from '../steps/backlog.ts';
import { cancelledImports, cancelOperation } from '../steps/cancel-operation.ts';
import { retryOfChain } from '../steps/due-chains.ts';
import { endOverdueRuns } from '../steps/end-run.ts';
import { addFindings, listFindings } from '../steps/findings.ts';
import { finishImport } from '../steps/finish-import.ts';
import { listOperationLogs } from '../steps/list-operation-logs.ts';
import { listOperations } from '../steps/list-operations.ts';
import { endOverdueWaits } from '../steps/outages.ts';
import { releaseOperations } from '../steps/release-operations.ts';
import { retryOfOperation, retryOperation } from '../steps/retries.ts';
import { finishListing, finishOperation, saveProgress, startOperation } from '../steps/run-operation.ts';
import { showOperation } from '../steps/show-operation.ts';
import { startChain, startChildren } from '../steps/start-chain.ts';
import { auditedStep, type Step } from './step.ts';

/**
 * Operations of all kinds, from their acceptance to their end. The imports of a chain are worked on together; a scan, a
 * plan or a verification is a single operation, worked on by itself. A step that may end operations answers which it has
 * ended, and what may be worked on now.
 */
export const operationSteps = {
  /**
   * Writes all items of a request or none. Answers their ids in the order of the items, and the chains to be worked on.
   * An item that equals one of the same project in flight (all fields, and whether its ancestors are wanted) gets that
   * operation's id instead of a new one. Interactive items raise to their lane what is in flight of their backups.
   */
  accept: { ...auditedStep(accept, { isDone: () => true }), notesTransitions: true },
  /**
   * Adds a single operation and answers its lane. Notes the resource of its backup beside it, if that is recorded:
   * listings find it by that too.
   */
  addOperation: {
    ...auditedStep(addOperation, {
      isDone: () => true,
      made: (_, [{ id }]) => [{ field: 'operation_id', value: id }],
    }),
    notesTransitions: true,
  },
  /**
   * Adds a single operation, unless one waits or runs that does the same: then it answers that one's id. The same are
   * operations of one project, kind, storage unit, bucket and backup, whose requests agree in each of `sameRequest`. No
   * operation is joined that someone has cancelled, that has listed everything, or that a source or another operation
   * has started.
   */
  joinOperation: {
    ...auditedStep(joinOperation, {
      isDone: () => true,
      made: ({ operationId }) => [{ field: 'operation_id', value: operationId }],
    }),
    notesTransitions: true,
  },
  /**
   * Makes the waiting imports of a chain running, epoch risen, and returns them in the order of acceptance: not those
   * that wait for another backup and have time left, and not those whose next attempt is not due. With them come those
   * that the same owner took up before and has not finished: it comes again after a fault. Of one backup at most the
   * oldest unfinished operation is taken, whatever its chain: others wait behind it.
   */
  startChain: { access: 'write', notesTransitions: true, run: startChain },
  /** As `startChain`, for those waiting imports of a chain alone that came up in the course of `parentOperationId`. */
  startChildren: { access: 'write', notesTransitions: true, run: startChildren },
  /**
   * Makes a waiting single operation whose next attempt is due running, or takes up again one that this owner has
   * running; epoch risen, findings of an earlier try removed, its progress kept. Null if it has ended, another owner runs
   * it, or its next attempt is not due.
   */
  startOperation: { access: 'write', notesTransitions: true, run: startOperation },
  /** Does nothing and answers `running: false` unless the operation runs under this epoch. */
  saveProgress: { access: 'write', run: saveProgress },
  /** Adds what a scan or plan has found. Does nothing and answers false unless it runs under this epoch. */
  addFindings: { access: 'write', run: addFindings },
  /**
   * Makes a running operation of any kind wait for another attempt, and keeps its progress. One that was cancelled ends
   * instead. Null if it no longer runs under this epoch.
   */
  retryOperation: { access: 'write', notesTransitions: true, run: retryOperation },
  /** A chain with the time of its next attempt; null if none waits for one. */
  retryOfChain: { access: 'read', run: retryOfChain },
  /** A single operation that waits for another attempt; null if it does not. */
  retryOfOperation: { access: 'read', run: retryOfOperation },
  /**
   * Ends an import, writes its record and proofs. It does nothing and answers `stale_epoch` if the import is no longer
   * running under this epoch, or `stale_record` if the record's revision is no longer `decidedOnRevision` (decide anew).
   * After `finished`, chains with waiting imports of the same backup, and with imports that waited for this backup, are
   * due: they may go on now.
   *
   * An import with a `missingParent` does not end if an import of that parent is unfinished: it becomes waiting, and is
   * not taken up before one of these imports has ended. If the parent's record has changed since it was looked for, the
   * import becomes waiting and its own chain is due. If its wait would close a cycle, nothing is done.
   *
   * A proof that it writes, and that shows another recorded backup to be broken where it lies, marks that record, and a
   * broken record marks those that build on it: nothing stays available against what is known. What builds on a backup
   * whose state changes is accepted to be imported as well, and its chains are due. An import that was cancelled while it
   * ran ends as cancelled, and writes neither record nor proofs. A run that waited for this import alone ends with it.
   */
  finishImport: { access: 'write', notesTransitions: true, run: finishImport },
  /** Ends a single operation. Does nothing and answers null unless it runs under this epoch. */
  finishOperation: { access: 'write', notesTransitions: true, run: finishOperation },
  /**
   * Lets a scan wait for its imports, without a lease: it ends in the step that ends the last of them, or in this one
   * if there is none or it is cancelled. It ends `failed` exactly if backups are in error. Answers what has ended, or
   * null as `finishOperation` does.
   */
  finishListing: { access: 'write', notesTransitions: true, run: finishListing },
  /** Ends as `timeout` what waits for its imports beyond its deadline, and answers what has ended. */
  endOverdueRuns: { access: 'write', notesTransitions: true, run: endOverdueRuns },
  /** Ends operations that wait for a bucket as `failed`, without asking storage: `limit` at most, and their runs. */
  endOverdueWaits: { access: 'write', notesTransitions: true, run: endOverdueWaits },
  /** The chains of imports that wait for another backup and whose time is up: `startChain` takes them up now. */
  overdueWaits: { access: 'read', run: overdueWaits },
  /**
   * Cancels an operation and answers it; null if the project has no import, scan, plan or verification of this id. One
   * that waits, or waits for its imports, ends at once as `failed` with the reason `cancelled`, for all who wanted it;
   * imports that a scan has accepted go on. A running one is marked: whoever works on it ends it. One that has ended
   * stays as it ended.
   */
  cancelOperation: {
    ...auditedStep(cancelOperation, { isDone: (cancelled) => cancelled !== null }),
    notesTransitions: true,
  },
  /** The running imports of a chain that were cancelled. */
  cancelledImports: { access: 'read', run: cancelledImports },
  /**
   * Makes running operations wait again (their worker died or stops), but for those that wait for their imports: all, or
   * those leased by `leaseOwner` alone. Answers what waits: the chains of those that were released, or all chains if all
   * were, and every single operation.
   */
  releaseOperations: { access: 'write', notesTransitions: true, run: releaseOperations },
  /** Counts the unfinished imports of a project. */
  countBacklog: { access: 'read', isLong: true, run: countBacklog },
  /** An operation of any kind; null if the project has none of this id. */
  showOperation: { access: 'read', run: showOperation },
  /** A page of the operations of all kinds, newest first. */
  listOperations: { access: 'read', isLong: true, run: listOperations },
  /**
   * A page of the operations that CBR calls `sync` and `delete`: imports, deletions and the runs of sources, newest
   * first.
   */
  listOperationLogs: { access: 'read', isLong: true, run: listOperationLogs },
  /** Pages through what a scan or plan found, in the order of finding, behind `after` (0: from the start). */
  listFindings: { access: 'read', isLong: true, run: listFindings },
} as const satisfies Record<string, Step>;
