import { toWireTime } from '@backup-sync/contracts';
import type { QueryHandler } from './call-context.ts';

/** Lists the audit events of every project: an administrator is responsible for the whole installation. */
export const listAuditEvents: QueryHandler<'listAuditEvents'> = async ({ services }, { project_id: _, ...filter }) => {
  const { events, count } = await services.catalogue.audit.listAuditEvents(filter);
  return {
    audit_events: events.map((event) => ({
      id: event.id,
      at: toWireTime(event.atMs),
      project_id: event.projectId,
      actor: { ...event.actor },
      operation: event.operation,
      subjects: event.subjects.map((subject) => ({ ...subject })),
      door: event.door,
      address: event.address,
      outcome: event.outcome,
      error: event.errorCode,
      request_id: event.requestId,
    })),
    count,
  };
};
