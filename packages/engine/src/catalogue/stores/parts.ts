import {
  claimPart,
  finishPart,
  givePartBack,
  listParts,
  openParts,
  savePart,
  takePartBack,
} from '../steps/verification-parts.ts';
import type { Step } from './step.ts';

/**
 * The parts of running verifications. Each part is read by one worker at a time. They are deleted when their operation
 * ends. `releaseOperations` makes the parts of a worker open again.
 */
export const partSteps = {
  /**
   * Sets the parts of a verification, in order. Does nothing and returns false unless it runs under this epoch.
   *
   * A part that exists with the same listing and the same objects keeps its state and progress. It is open again if it
   * has a fault or is held by `leaseOwner`, which begins again. All other parts are deleted.
   */
  openParts: { access: 'write', run: openParts },
  /** Returns the parts of an operation that belong to some of the links, in order. */
  listParts: { access: 'read', run: listParts },
  /**
   * Gives the first open part to a worker, or with `at` only the part that begins there. Returns null if there is none,
   * or if the operation has ended or is being cancelled. Parts behind one with a fault are not given away, because they
   * need not be read.
   */
  claimPart: { access: 'write', run: claimPart },
  /**
   * Stores the progress of a part. Returns whether its holder may go on: false if it no longer holds the part under this
   * epoch, or if the operation has ended or is being cancelled.
   */
  savePart: { access: 'write', run: savePart },
  /**
   * Ends a part, unless it is no longer held under this epoch. With `nextFor`, also gives the first open part to this
   * worker, as `claimPart` does. So a chain of small links costs one commit for each.
   */
  finishPart: { access: 'write', run: finishPart },
  /** Stores the progress of a part and makes it open. Does nothing unless it is held under this epoch. */
  givePartBack: { access: 'write', run: givePartBack },
  /**
   * Makes a part open whose holder seems to be dead. Does nothing if its holder has saved since `saves` was read, or if
   * it is no longer held under this epoch.
   */
  takePartBack: { access: 'write', run: takePartBack },
} as const satisfies Record<string, Step>;
