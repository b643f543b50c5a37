import {
  claimHookEvents,
  endHookTry,
  hooksToSend,
  listHookEvents,
  openSubjects,
  operationEnds,
  resendHookEvents,
} from '../steps/hook-events.ts';
import { caughtUp, overdueHeads, provedAgain } from '../steps/hook-problems.ts';
import { addHook, allHooks, changeHook, listHooks, removeHook, showHook } from '../steps/hooks.ts';
import { noteProblems } from '../steps/note-problems.ts';
import { auditedStep, type Step } from './step.ts';

/**
 * The hooks, and for each the newest event about each subject. A hook follows the transitions of operations, which are
 * written with the operations. Its cursor moves in the step that stores its events: no transition is missed or reported
 * twice.
 */
export const hookSteps = {
  /** Adds a hook. Changes nothing if the project has one with this name, or as many as it may have. */
  addHook: auditedStep(addHook, {
    isDone: (added) => added === 'added',
    made: (_, [{ id }]) => [{ field: 'hook_id', value: id }],
  }),
  /** Changes fields of a hook, and returns it; null if there is none. */
  changeHook: auditedStep(changeHook, { isDone: (hook) => hook !== null }),
  /** Removes a hook with its events. Returns whether there was one. */
  removeHook: auditedStep(removeHook, { isDone: (isRemoved) => isRemoved }),
  /**
   * Makes a delivery due now, or with null all that failed or wait for another try. Returns their number; null if there is no such
   * hook.
   */
  resendHookEvents: auditedStep(resendHookEvents, {
    isDone: (count, [, , messageId]) => count !== null && (count > 0 || messageId === null),
  }),
  /** Returns the hooks of a project, by name. */
  listHooks: { access: 'read', run: listHooks },
  /** Returns a hook; null if the project has none with this id. */
  showHook: { access: 'read', run: showHook },
  /** Returns the hooks of all projects. */
  allHooks: { access: 'read', run: allHooks },
  /** Returns the newest deliveries of a hook, newest first, and the number of all that match. */
  listHookEvents: { access: 'read', run: listHookEvents },
  /**
   * Returns the operations of a project that ended in the next transitions after a cursor. If these transitions are no
   * longer kept, returns the newest cursor instead.
   */
  operationEnds: { access: 'read', run: operationEnds },
  /** Returns the subjects of a hook that have a problem. */
  openSubjects: { access: 'read', run: openSubjects },
  /** Returns a page of the resources whose newest proved backup is too old, the oldest first. */
  overdueHeads: { access: 'read', run: overdueHeads },
  /** Returns which of these resources are no longer overdue. One without a proved backup still is. */
  caughtUp: { access: 'read', run: caughtUp },
  /** Returns which of these backups, whose verifications failed, are proved again or have no record any more. */
  provedAgain: { access: 'read', run: provedAgain },
  /** Stores an event for each problem that began or is over, see note-problems.ts. */
  noteProblems: { access: 'write', run: noteProblems },
  /** Returns the hooks that have events to be sent now, and that are neither paused nor gone. */
  hooksToSend: { access: 'read', run: hooksToSend },
  /** Claims the oldest events of a hook that are due; null if there are none. Nobody else gets them until the claim ends. */
  claimHookEvents: { access: 'write', run: claimHookEvents },
  /** Stores the result of a try to send an event. */
  endHookTry: { access: 'write', run: endHookTry },
} as const satisfies Record<string, Step>;
