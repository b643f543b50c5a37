import { z } from 'zod';
import { operationId, projectId } from './fields.ts';
import { showOperationAnswer } from './operation.ts';

/** Position of a reader in the events: a rising decimal number, compared as a number. */
export const eventCursor = z
  .string()
  .regex(/^\d{1,15}$/, 'must be the id of an event')
  .meta({ description: 'Id of an event.', example: '4711' });

/**
 * Selects events: the transitions of operations (accepted, started, asked to stop, ended, or set back to waiting).
 *
 * Without `after`, the stream begins with the next event; otherwise with the one after the cursor. Events are kept for
 * a limited time. If events after the cursor are gone, the call fails with `events_gone`. To miss nothing, watch first
 * and then read the operations.
 */
export const watchOperationsInput = z.object({
  project_id: projectId,
  after: eventCursor
    .optional()
    .meta({ description: 'Id of the last event that was read. The stream begins with the next one.' }),
  operation_id: operationId.optional().meta({ description: 'Only events of this operation.' }),
});

export const operationEvent = showOperationAnswer.meta({
  id: 'OperationEvent',
  description: 'Content of an event: the operation as it was after the transition. The id of the event is its cursor.',
});
export type OperationEvent = z.infer<typeof operationEvent>;
