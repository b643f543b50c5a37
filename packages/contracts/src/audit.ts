import { z } from 'zod';
import { errorCodes } from './error-code.ts';
import { madeId, opaqueId, paging, projectId, queryTime, wireTime } from './fields.ts';

/** The interface of a call. `engine` is a program that runs the engine in its own process. */
export const doors = ['rest', 'trpc', 'cli', 'engine'] as const;
const door = z.enum(doors);
export type Door = z.infer<typeof door>;

/**
 * What became of a call:
 * - `done`: the change was made. The caller may still have received an error, if the answer could not be read.
 * - `refused`: the caller was not allowed to make the call, or asked for something impossible.
 * - `failed`: a fault occurred, or something did not answer.
 * - `interrupted`: an older release was killed during the call, and it is unknown whether the change was made. This
 *   release writes a change and its event together.
 */
export const auditOutcomes = ['done', 'refused', 'failed', 'interrupted'] as const;
const auditOutcome = z.enum(auditOutcomes);
export type AuditOutcome = z.infer<typeof auditOutcome>;

export const auditEvent = z
  .object({
    id: madeId,
    at: wireTime,
    project_id: z.string().meta({ description: 'Project in which the caller acted.' }),
    actor: z.object({ kind: z.enum(['user', 'system']), name: z.string() }),
    operation: z.string().meta({ description: 'Name of the call, or issueToken or revokeToken.' }),
    subjects: z
      .array(z.object({ field: z.string(), value: z.string() }))
      .meta({ description: 'What the call was about: the ids and names in it. Never a secret.' }),
    door,
    address: z.string().nullable().meta({ description: 'Address of the caller, if the call came over a network.' }),
    outcome: auditOutcome,
    error: z.enum(errorCodes).nullable(),
    request_id: z.string(),
  })
  .meta({ id: 'AuditEvent' });
export type AuditEvent = z.infer<typeof auditEvent>;

export const listAuditEventsInput = z.object({
  project_id: projectId,
  actor_name: opaqueId.optional(),
  operation: opaqueId.optional(),
  subject: opaqueId.optional().meta({ description: 'An id or name that the call was about.' }),
  outcome: auditOutcome.optional(),
  start_time: queryTime.optional(),
  end_time: queryTime.optional(),
  limit: paging.limit.default(100),
  marker: paging.marker,
});
export type AuditFilter = Omit<z.output<typeof listAuditEventsInput>, 'project_id'>;

export const listAuditEventsAnswer = z.object({
  audit_events: z.array(auditEvent).meta({ description: 'Newest first.' }),
  count: z.int().meta({ description: 'Number of events that match, over all pages.' }),
});
