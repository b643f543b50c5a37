import { z } from 'zod';
import { callerKind } from './caller.ts';
import { errorCodes } from './error-code.ts';
import { madeId, opaqueId, page, paging, projectId, queryTime, wireTime } from './fields.ts';

export const doors = ['rest', 'trpc', 'cli', 'engine', 'console'] as const;
const door = z.enum(doors).meta({
  description:
    'Interface of the call: rest, trpc, cli, console for the web console, or engine for a program that runs the engine in its own process.',
});
export type Door = z.infer<typeof door>;

/** This release never writes `interrupted`: it writes a change and its event together. */
export const auditOutcomes = ['done', 'refused', 'failed', 'interrupted'] as const;
const auditOutcome = z.enum(auditOutcomes).meta({
  description:
    'Outcome of the call. done: the change was made; the caller may still have received an error, if the answer could not be read. ' +
    'refused: the caller was not allowed to make the call, or asked for something impossible. ' +
    'failed: a fault occurred, or something did not answer. ' +
    'interrupted: an older release was killed during the call, and it is unknown whether the change was made.',
});
export type AuditOutcome = z.infer<typeof auditOutcome>;

export const auditEvent = z
  .object({
    id: madeId.meta({ description: 'Id of the event.' }),
    at: wireTime.meta({ description: 'When the call was made.' }),
    project_id: z.string().meta({
      description:
        'Id of the project in which the caller acted; empty for a failed login, and for events of the whole catalogue.',
    }),
    actor: z
      .object({
        kind: callerKind,
        name: z.string().meta({ description: 'Name of the caller; for a failed login, as it was given.' }),
      })
      .meta({ description: 'The caller.' }),
    operation: z.string().meta({
      description:
        'Name of the call, or issueToken, inspectToken or revokeToken. removeOldRecords: the server has removed rows that were old enough; restoreCatalogue: the catalogue was restored from a backup.',
    }),
    subjects: z
      .array(
        z.object({
          field: z.string().meta({ description: 'Field of the request, e.g. backup_id.' }),
          value: z.string().meta({ description: 'Value of the field.' }),
        }),
      )
      .meta({ description: 'Ids and names in the request: what the call was about. Never a secret.' }),
    door,
    address: z
      .string()
      .nullable()
      .meta({ description: 'Address of the caller; null if the call did not come over a network.' }),
    outcome: auditOutcome,
    error: z
      .enum(errorCodes)
      .nullable()
      .meta({ description: 'Code of the error with which the call ended; null if there was none.' }),
    request_id: z.string().meta({ description: 'Id of the request, as in its answer.' }),
  })
  .meta({ id: 'AuditEvent', description: 'One call: who did what, from where, with what outcome.' });
export type AuditEvent = z.infer<typeof auditEvent>;

export const listAuditEventsInput = z.object({
  project_id: projectId,
  actor_name: opaqueId.optional().meta({ description: 'Only calls of the caller with this name.' }),
  operation: opaqueId.optional().meta({ description: 'Only calls of this name, e.g. syncBackups.' }),
  subject: opaqueId.optional().meta({ description: 'Only calls about this id or name.' }),
  outcome: auditOutcome.optional().meta({ description: 'Only calls with this outcome.' }),
  start_time: queryTime
    .optional()
    .meta({ description: 'Only calls made at this time or later, e.g. 2018-02-01T12:00:00Z.' }),
  end_time: queryTime
    .optional()
    .meta({ description: 'Only calls made at this time or earlier, e.g. 2018-02-01T12:00:00Z.' }),
  limit: paging.limit.default(100).meta({ description: 'Maximum number of items per page (default 100).' }),
  marker: paging.marker,
});
export type AuditFilter = Omit<z.output<typeof listAuditEventsInput>, 'project_id'>;

export const listAuditEventsAnswer = z
  .object({
    audit_events: z.array(auditEvent).meta({ description: 'Events of this page, newest first.' }),
    count: page.count,
  })
  .meta({ id: 'ListAuditEventsAnswer' });
