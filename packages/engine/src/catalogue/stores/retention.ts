import { removeOldAuditEvents } from '../identity-steps/remove-old-audit.ts';
import { releaseFreeSpace } from '../steps/release-free-space.ts';
import { removeOldEvents } from '../steps/remove-old-events.ts';
import { listProjectsWithOperations, removeOldOperations } from '../steps/remove-old-operations.ts';
import { removeOldVerifications } from '../steps/remove-old-verifications.ts';
import type { Step } from './step.ts';

/** The removal of old rows. Each step removes a bounded number, and says where the next continues. */
export const retentionSteps = {
  /** Returns the ids of all projects that have or had rows. */
  listProjectsWithOperations: { access: 'read', run: listProjectsWithOperations },
  /**
   * Removes operations that ended long ago, with their findings, parts and joined imports. Those that are still needed
   * stay:
   *
   * - the last operation of a record, and the run of a source that imported it,
   * - the newest successful verification of a record by an operation,
   * - the newest run of each source, with its imports and verifications,
   * - scans and plans with findings that are kept,
   * - operations of runs that have not ended, and operations that have caused others that stay.
   */
  removeOldOperations: { access: 'write', run: removeOldOperations },
  /** Removes the events of transitions that happened long ago. `next` is true if more may be left. */
  removeOldEvents: { access: 'write', run: removeOldEvents },
  /** Removes verifications that were made long ago and that newer ones have replaced. */
  removeOldVerifications: { access: 'write', run: removeOldVerifications },
  /** Removes events of the audit. */
  removeOldAuditEvents: { access: 'write', run: removeOldAuditEvents },
  /**
   * Gives free pages of the file back to its disk. Returns how many are left. A database that does so by itself
   * returns 0.
   */
  releaseFreeSpace: { access: 'write', run: releaseFreeSpace },
} as const satisfies Record<string, Step>;
