import { addAuditIntent, appendAuditEvent, listAuditEvents, listAuditIntents } from '../identity-steps/audit.ts';
import type { Step } from './step.ts';

/** Who did what. Events are added and never changed: there is no step for it. */
export const auditSteps = {
  /** Comes before anything is changed, so that no crash leaves a change without a trace. */
  addAuditIntent: { access: 'write', run: addAuditIntent },
  /** Adds an event, and in the same step removes the intent that it is the outcome of; null where there was none. */
  appendAuditEvent: { access: 'write', run: appendAuditEvent },
  /** The oldest first. */
  listAuditIntents: { access: 'read', run: listAuditIntents },
  /**
   * The newest first; with a marker, those before that event, whether it exists or not. `count` is of all that match,
   * whatever the page.
   */
  listAuditEvents: { access: 'read', isLong: true, run: listAuditEvents },
} as const satisfies Record<string, Step>;
