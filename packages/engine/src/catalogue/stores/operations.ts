import type { DueWork, Ends, ImportFinished, Lane, NewOperation, OperationJoined } from '../operation-records.ts';
import { accept } from '../steps/accept.ts';
import { addOperation, dueOperation, joinOperation } from '../steps/add-operation.ts';
import { overdueWaits } from '../steps/await-parent.ts';
import { countBacklog } from '../steps/backlog.ts';
import { cancelledImports, cancelOperation } from '../steps/cancel-operation.ts';
import { countOperationDays } from '../steps/count-operation-days.ts';
import { retryOfChain } from '../steps/due-chains.ts';
import { endOverdueRuns } from '../steps/end-run.ts';
import { addFindings, listFindings } from '../steps/findings.ts';
import { finishImport, finishImports } from '../steps/finish-import.ts';
import { listOperationLogs } from '../steps/list-operation-logs.ts';
import { listOperations } from '../steps/list-operations.ts';
import { endOverdueWaits } from '../steps/outages.ts';
import { releaseOperations } from '../steps/release-operations.ts';
import { requeueOperation, retryOfOperation, retryOperation } from '../steps/retries.ts';
import { finishListing, finishOperation, saveProgress, startOperation } from '../steps/run-operation.ts';
import { showOperation } from '../steps/show-operation.ts';
import { startChain, startChildren } from '../steps/start-chain.ts';
import { auditedStep, type Step } from './step.ts';

function dueAfter(ends: Ends | null): readonly DueWork[] {
  return ends?.due ?? [];
}

/**
 * Operations of all kinds, from acceptance to end. The imports of a chain are worked on together. A scan, plan or
 * verification is a single operation, worked on separately. A step that may end operations returns those it has ended
 * and the work that is now due.
 */
export const operationSteps = {
  /**
   * Accepts all items of a request or none. Returns their operation ids in the order of the items, and the chains to be
   * worked on.
   *
   * An item that equals one in flight of the same project gets the id of that operation instead of a new one. Equal
   * means all fields, and whether its ancestors are wanted. Interactive items raise the operations in flight on their
   * backups to their lane.
   */
  accept: {
    ...auditedStep(accept, { isDone: () => true }),
    notesTransitions: true,
    due: ({ chains }: { readonly chains: readonly DueWork[] }) => chains,
  },
  /**
   * Adds a single operation and returns its lane. If its backup is recorded, the backup's resource is stored with it,
   * so that listings find the operation by resource too.
   */
  addOperation: {
    ...auditedStep(addOperation, {
      isDone: () => true,
      made: (_, [{ id }]) => [{ field: 'operation_id', value: id }],
    }),
    notesTransitions: true,
    due: (lane: Lane, [operation]: readonly [NewOperation]) => [dueOperation(operation, lane)],
  },
  /**
   * Adds a single operation, or returns the id of one that waits or runs and does the same.
   *
   * Two operations do the same if they agree in project, kind, storage unit, bucket, backup and each field of
   * `sameRequest`. An operation cannot be joined if it was cancelled, has listed everything, or was started by a source
   * or another operation.
   */
  joinOperation: {
    locks: ['request'],
    ...auditedStep(joinOperation, {
      isDone: () => true,
      made: ({ operationId }) => [{ field: 'operation_id', value: operationId }],
    }),
    notesTransitions: true,
    due: (joined: OperationJoined, [operation]: readonly [NewOperation, ...unknown[]]) =>
      joined.result === 'added' ? [dueOperation(operation, joined.lane)] : [],
  },
  /**
   * Starts the waiting imports of a chain: marks them running under a raised epoch and returns them in the order of
   * acceptance.
   *
   * - Imports that wait for another backup are left out until their time is up, as are those whose next attempt is not
   *   due.
   * - Imports that this owner started before and has not finished are started again: the owner asks again after a
   *   fault.
   * - Of each backup, only the oldest unfinished import is started, whatever its chain; the others wait for it.
   */
  startChain: { access: 'write', locks: ['backup'], notesTransitions: true, run: startChain },
  /** Does the same as `startChain`, but only for waiting imports that `parentOperationId` accepted. */
  startChildren: { access: 'write', locks: ['backup'], notesTransitions: true, run: startChildren },
  /**
   * Starts a single operation that waits and whose next attempt is due, or one that this owner has running already.
   * Raises its epoch, removes the findings of earlier attempts and keeps its progress. Returns null if it has ended,
   * another owner runs it, or its next attempt is not due.
   */
  startOperation: { access: 'write', notesTransitions: true, run: startOperation },
  /**
   * Stores the progress of an operation, and returns whether its cancellation was requested. Does nothing and returns
   * `running: false` unless the operation runs under this epoch.
   */
  saveProgress: { access: 'write', checksEpoch: true, run: saveProgress },
  /** Adds findings of a scan or plan. Does nothing and returns false unless it runs under this epoch. */
  addFindings: { access: 'write', checksEpoch: true, run: addFindings },
  /**
   * Makes a running operation of any kind wait for another attempt, and keeps its progress. If it was cancelled, it
   * ends instead. Returns null if it no longer runs under this epoch, as after a first call.
   */
  retryOperation: {
    access: 'write',
    checksEpoch: true,
    locks: ['backup', 'run'],
    notesTransitions: true,
    due: dueAfter,
    run: retryOperation,
  },
  /**
   * Makes a running single operation wait, because it continues in another job. It is due immediately, and no failed
   * attempt counts any more. If it was cancelled, it ends instead. Returns null as `retryOperation` does.
   */
  requeueOperation: {
    access: 'write',
    notesTransitions: true,
    due: dueAfter,
    run: requeueOperation,
  },
  /** Returns a chain with the time of its next attempt; null if none of its imports waits for one. */
  retryOfChain: { access: 'read', run: retryOfChain },
  /** Returns a single operation that waits for another attempt; null if it does not. */
  retryOfOperation: { access: 'read', run: retryOfOperation },
  /**
   * Ends an import and writes its record and proofs.
   *
   * Does nothing and returns `stale_epoch` if the import no longer runs under this epoch, as after a first call. Does
   * nothing and returns `stale_record` if the record's revision is no longer `decidedOnRevision`; the caller decides
   * again. After `finished`, chains with waiting imports of the same backup are due, and so are chains with imports
   * that waited for this backup.
   *
   * An import with a `missingParent` does not end if an import of that parent is unfinished. It becomes waiting, and is
   * not started before one of those imports has ended. If the parent's record has changed since it was looked for, the
   * import becomes waiting and its own chain is due. If its wait would close a cycle, nothing is done.
   *
   * A proof that shows another recorded backup to be broken at its place marks that record, and a broken record marks
   * those that build on it. So no record stays available that is known to be broken. If a backup's state changes, the
   * backups that build on it are accepted for import too, and their chains are due.
   *
   * An import that was cancelled while it ran ends as cancelled, and writes neither record nor proofs. A run whose last
   * unfinished import this was ends with it.
   */
  finishImport: {
    access: 'write',
    checksEpoch: true,
    locks: ['backup', 'resource', 'run', 'waits'],
    notesTransitions: true,
    due: dueAfter,
    run: finishImport,
  },
  /**
   * Does the same as `finishImport` for several imports of a project, in this order, and returns their results. After a
   * `stale_record` or `cycle` it does nothing for the later ones, which have no result then. If one throws, none has
   * ended.
   */
  finishImports: {
    access: 'write',
    checksEpoch: true,
    locks: ['backup', 'resource', 'run', 'waits'],
    notesTransitions: true,
    due: (finished: readonly ImportFinished[]) => finished.flatMap(dueAfter),
    run: finishImports,
  },
  /** Ends a single operation. Does nothing and returns null unless it runs under this epoch. */
  finishOperation: { access: 'write', checksEpoch: true, notesTransitions: true, run: finishOperation },
  /**
   * Marks the listing of a scan as complete. The scan then waits for its imports, without a lease, and ends in the step
   * that ends the last of them. If there is none, or the scan was cancelled, it ends in this step. It ends as `failed`
   * if, and only if, backups are in error. Returns what has ended, or null as `finishOperation` does.
   */
  finishListing: { access: 'write', checksEpoch: true, locks: ['run'], notesTransitions: true, run: finishListing },
  /**
   * Ends, as `timeout`, the scans that still wait for their imports at their deadline. Their imports continue. Returns
   * what has ended.
   */
  endOverdueRuns: { access: 'write', notesTransitions: true, run: endOverdueRuns },
  /**
   * Ends, as `failed` and without asking storage, at most `limit` operations that have waited too long for a bucket.
   * Runs that waited only for these imports end with them.
   */
  endOverdueWaits: { access: 'write', locks: ['run'], notesTransitions: true, due: dueAfter, run: endOverdueWaits },
  /** Returns the chains of imports that wait for another backup and whose time is up: `startChain` now starts them. */
  overdueWaits: { access: 'read', run: overdueWaits },
  /**
   * Cancels an operation and returns it; null if the project has no import, scan, plan or verification with this id.
   *
   * - An operation that waits, even for its imports, ends immediately as `failed` with the reason `cancelled`, for
   *   everyone who wanted it. The imports that a scan has accepted continue.
   * - A running operation is marked, and its worker ends it.
   * - An ended operation stays unchanged.
   */
  cancelOperation: {
    locks: ['backup', 'run'],
    ...auditedStep(cancelOperation, { isDone: (cancelled) => cancelled !== null }),
    notesTransitions: true,
    due: dueAfter,
  },
  /** Returns the ids of the running imports of a chain that were cancelled. */
  cancelledImports: { access: 'read', run: cancelledImports },
  /**
   * Makes running operations wait again, because their worker died or stops: all of them, or only those leased by
   * `leaseOwner`. Scans that wait for their imports are left alone. The parts of verifications that the workers hold
   * become open. Returns the work of the released operations or, if all were released, all work that waits.
   */
  releaseOperations: {
    access: 'write',
    notesTransitions: true,
    due: (due: readonly DueWork[]) => due,
    run: releaseOperations,
  },
  /** Returns the number of unfinished imports of a project. */
  countBacklog: { access: 'read', run: countBacklog },
  /** Returns how many operations ended on each day, from the counts that the database keeps. */
  countOperationDays: { access: 'read', run: countOperationDays },
  /** Returns an operation of any kind; null if the project has none with this id. */
  showOperation: { access: 'read', run: showOperation },
  /** Returns a page of the operations of all kinds, newest first, or `marker_not_found`. */
  listOperations: { access: 'read', isLong: true, run: listOperations },
  /**
   * Returns a page of the operations that CBR calls `sync` and `delete`, newest first: imports, deletions and the runs
   * of sources. Returns `marker_not_found` if the marker is not an operation of the project.
   */
  listOperationLogs: { access: 'read', isLong: true, run: listOperationLogs },
  /**
   * Returns a page of the findings of a scan or plan, in the order in which they were found, after number `after` (0:
   * from the start).
   */
  listFindings: { access: 'read', isLong: true, run: listFindings },
} as const satisfies Record<string, Step>;
