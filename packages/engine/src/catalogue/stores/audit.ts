import { appendAuditEvent, listAuditEvents } from '../identity-steps/audit.ts';
import type { Step } from './step.ts';

/**
 * The audit log: who did what. No step changes an event. `removeOldAuditEvents` removes those that are older than the
 * server keeps them.
 */
export const auditSteps = {
  /**
   * Adds the event of a call that changed nothing. The event of a change is written with that change, see
   * `Catalogue.change`.
   */
  appendAuditEvent: { access: 'write', run: appendAuditEvent },
  /**
   * Returns a page of the matching events, newest first, and with a marker only the events before it. The marker need
   * not exist. `count` covers all matching events, not only the page.
   */
  listAuditEvents: { access: 'read', isLong: true, run: listAuditEvents },
} as const satisfies Record<string, Step>;
