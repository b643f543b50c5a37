import { z } from 'zod';
import { projectId, queryDate, queryList } from './fields.ts';
import { operationKind, operationKinds } from './operation.ts';
import { operationStatus } from './operation-log.ts';

/** Maximum number of days in one answer. */
export const operationDaysMax = 400;

export const operationDay = z
  .object({
    date: z.string().meta({ description: 'Day in UTC, such as 2026-03-01.', example: '2026-03-01' }),
    kind: operationKind,
    status: operationStatus.meta({ description: 'How these operations ended: success, failed or timeout.' }),
    operations: z.int().meta({
      description:
        'Number of operations of this kind that ended so on this day. Those that have been removed since are counted.',
    }),
  })
  .meta({ id: 'OperationDay', description: 'The operations of a kind that ended in the same way on the same day.' });
export type OperationDay = z.infer<typeof operationDay>;

export const countOperationDaysInput = z.object({
  project_id: projectId,
  from: queryDate.meta({ description: 'First day, in UTC, such as 2026-03-01.' }),
  to: queryDate.meta({
    description: `Last day, in UTC. At most ${operationDaysMax} days are counted at once.`,
  }),
  kind: queryList(operationKinds).optional().meta({ description: 'Only operations of these kinds.' }),
});

export const countOperationDaysAnswer = z
  .object({
    days: z
      .array(operationDay)
      .meta({ description: 'Counts by day, kind and status, in this order. Those that are 0 are left out.' }),
  })
  .meta({ id: 'CountOperationDaysAnswer' });
