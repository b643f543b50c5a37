import { appendAuditEvent, listAuditEvents } from '../identity-steps/audit.ts';
import type { Step } from './step.ts';

/** Who did what. Events are added and never changed: there is no step for it. */
export const auditSteps = {
  /** Adds the event of a call that changed nothing. That of a change is written with the change: see `Catalogue.change`. */
  appendAuditEvent: { access: 'write', run: appendAuditEvent },
  /**
   * The newest first; with a marker, those before that event, whether it exists or not. `count` is of all that match,
   * whatever the page.
   */
  listAuditEvents: { access: 'read', isLong: true, run: listAuditEvents },
} as const satisfies Record<string, Step>;
