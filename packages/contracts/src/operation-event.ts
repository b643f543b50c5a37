import { z } from 'zod';
import { madeId, projectId } from './fields.ts';
import { showOperationAnswer } from './operation.ts';

/** Where a reader stands among the events: a decimal number that rises, compared as a number. */
export const eventCursor = z
  .string()
  .regex(/^\d{1,15}$/, 'must be the id of an event')
  .meta({ description: 'Id of an event.', example: '4711' });

/**
 * Events are the transitions of operations: accepted, started, asked to stop, ended, or made to wait again. Without
 * `after` they begin with the next one; else with the one behind it. They are kept for a while: a cursor behind which
 * some are gone is refused with `events_gone`. Whoever watches first and reads the operations then misses nothing.
 */
export const watchOperationsInput = z.object({
  project_id: projectId,
  after: eventCursor.optional().meta({ description: 'Id of the last event that was read; the next one follows.' }),
  operation_id: madeId.optional().meta({ description: 'Only events of this operation.' }),
});

/** What an event says: the operation as it was after the transition. The event's id is its cursor. */
export const operationEvent = showOperationAnswer.meta({ id: 'OperationEvent' });
export type OperationEvent = z.infer<typeof operationEvent>;
