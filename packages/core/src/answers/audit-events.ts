import { auditEvent, listAuditEventsAnswer } from '@backup-sync/contracts';
import { z } from 'zod';

/** Events of any release of backup-sync: a newer one has doors and errors that this one does not know. */
export const listAnyAuditEventsAnswer = listAuditEventsAnswer.extend({
  audit_events: z.array(auditEvent.extend({ door: z.string(), error: z.string().nullable() })),
});
