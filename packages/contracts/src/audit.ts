import { z } from 'zod';
import { errorCodes } from './error-code.ts';
import { madeId, opaqueId, paging, projectId, queryTime, wireTime } from './fields.ts';

/** Through what a call came in. `engine` is a program that has the engine in its own process. */
export const doors = ['rest', 'trpc', 'cli', 'engine'] as const;
const door = z.enum(doors);
export type Door = z.infer<typeof door>;

/**
 * - `done`: the change was made. The caller may have been answered an error all the same, if the answer could not be read.
 * - `refused`: the caller had no right to it, or asked for something that cannot be done.
 * - `failed`: a fault, or something that did not answer.
 * - `interrupted`: an older release was killed meanwhile, and it is not known whether the change was made. This release
 *   writes a change and its event at once.
 */
export const auditOutcomes = ['done', 'refused', 'failed', 'interrupted'] as const;
const auditOutcome = z.enum(auditOutcomes);
export type AuditOutcome = z.infer<typeof auditOutcome>;

export const auditEvent = z
  .object({
    id: madeId,
    at: wireTime,
    project_id: z.string().meta({ description: 'That the caller was in.' }),
    actor: z.object({ kind: z.enum(['user', 'system']), name: z.string() }),
    operation: z.string().meta({ description: 'Of the table of calls, or issueToken, revokeToken.' }),
    subjects: z
      .array(z.object({ field: z.string(), value: z.string() }))
      .meta({ description: 'What it was done to: the ids and names in the call. Never a secret.' }),
    door,
    address: z.string().nullable().meta({ description: 'Of the caller, where it came over a network.' }),
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
  count: z.int().meta({ description: 'Of all that match, on whatever page.' }),
});
