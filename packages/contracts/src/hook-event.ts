import { z } from 'zod';
import { operationKind } from './operation.ts';
import { holdCauses } from './source.ts';
import { verificationLevel } from './verification.ts';

/** What a hook can report. Each event has a second one, which says that the problem is over. */
export const hookEventKind = z
  .enum(['operation.failed', 'source.held', 'verification.failed', 'backup.overdue', 'source.overdue'])
  .meta({ id: 'HookEventKind', description: 'A kind of problem that a hook reports.' });
export type HookEventKind = z.infer<typeof hookEventKind>;

/** The end of the type of an event which says that a problem is over. */
export const resolvedSuffix = '.resolved';

/** Number of problems of one kind that a hook reports one by one. Beyond it, one event stands for the others. */
export const hookSubjectsMax = 1_000;

export const hookSubject = z
  .object({
    kind: z.enum(['resource', 'backup', 'source', 'bucket', 'project']).meta({
      description: `Kind of what the event is about. project: more than ${hookSubjectsMax} problems of this type at once; this event stands for those that have none of their own.`,
    }),
    id: z.string().meta({ description: 'Id of it; the name if it is a bucket.' }),
    name: z.string().nullable().meta({ description: 'Name of it; null if it has none.' }),
    operation_kind: operationKind.nullable().meta({
      description:
        'Kind of the operations that the event is about. Those of another kind are another subject. Null unless operations failed.',
    }),
  })
  .meta({ id: 'HookSubject', description: 'What an event is about.' });
export type HookSubject = z.infer<typeof hookSubject>;

/** A time as JSON usually has it, in UTC with milliseconds and the letter Z. */
const eventTime = z.iso.datetime({ precision: 3 });

const common = {
  project_id: z.string().meta({ description: 'Id of the project.' }),
  subject: hookSubject,
  since: eventTime.meta({ description: 'When the problem began.' }),
};

const failedOperation = z
  .object({
    id: z.string().meta({ description: 'Id of the operation.' }),
    kind: operationKind,
    status: z.enum(['failed', 'timeout']).meta({ description: 'How it ended.' }),
    reason: z.string().nullable().meta({ description: 'Code of the reason; null if none is known.' }),
    bucket_name: z.string().meta({ description: 'Name of the bucket it worked on.' }),
    backup_id: z.string().nullable().meta({ description: 'Id of the backup; null if it concerns no single one.' }),
    resource_id: z.string().nullable().meta({ description: 'Id of the resource of the backup; null if unknown.' }),
    resource_name: z.string().nullable().meta({ description: 'Name of the resource; null if unknown.' }),
  })
  .meta({ id: 'HookOperation', description: 'The operation that failed.' });

const olderThan = z.int().meta({ description: 'The limit of the hook, in seconds.' });

/** What events say in addition to what all say. */
const details = {
  'operation.failed': { operation: failedOperation },
  'verification.failed': { operation: failedOperation },
  'source.held': {
    cause: z.enum(holdCauses).meta({ description: 'Cause of the hold.' }),
    operation_id: z.string().nullable().meta({ description: 'Id of the run that held the source; null if unknown.' }),
  },
  'backup.overdue': {
    level: verificationLevel.meta({ description: 'Level at which a backup counts as proved.' }),
    older_than_s: olderThan,
    newest_proved_at: eventTime.meta({ description: 'When the newest proved backup was made.' }),
    newest_proved_backup_id: z.string().nullable().meta({ description: 'Id of that backup; null if unknown.' }),
  },
  'source.overdue': {
    older_than_s: olderThan,
    last_good_sync_at: eventTime
      .nullable()
      .meta({ description: 'Start of the newest good run; null before the first.' }),
  },
} as const satisfies { readonly [Kind in HookEventKind]: z.ZodRawShape };

const timestamp = eventTime.meta({ description: 'When it happened.' });
const typeOf = <const Type extends string>(type: Type) => z.literal(type).meta({ description: 'Type of the event.' });
const dataOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object(shape).meta({ description: 'What the event is about.' });

function opened<const Kind extends HookEventKind, Shape extends z.ZodRawShape>(type: Kind, shape: Shape) {
  return z.object({ type: typeOf(type), timestamp, data: dataOf({ ...common, ...shape }) });
}

function resolved<const Kind extends HookEventKind>(kind: Kind) {
  return z.object({ type: typeOf(`${kind}${resolvedSuffix}` as const), timestamp, data: dataOf(common) });
}

/** The bodies that hooks send, by type. `timestamp` is when the problem began or was over, not when it was sent. */
export const hookEvents = {
  'operation.failed': opened('operation.failed', details['operation.failed']),
  'operation.failed.resolved': resolved('operation.failed'),
  'source.held': opened('source.held', details['source.held']),
  'source.held.resolved': resolved('source.held'),
  'verification.failed': opened('verification.failed', details['verification.failed']),
  'verification.failed.resolved': resolved('verification.failed'),
  'backup.overdue': opened('backup.overdue', details['backup.overdue']),
  'backup.overdue.resolved': resolved('backup.overdue'),
  'source.overdue': opened('source.overdue', details['source.overdue']),
  'source.overdue.resolved': resolved('source.overdue'),
  'hook.test': z.object({
    type: typeOf('hook.test'),
    timestamp,
    data: dataOf({
      project_id: common.project_id,
      hook: z.object({
        id: z.string().meta({ description: 'Id of the hook.' }),
        name: z.string().meta({ description: 'Name of the hook.' }),
      }),
    }),
  }),
} as const;
export type HookEventType = keyof typeof hookEvents;

/** The body of any event. */
export type HookEvent = { readonly [Type in HookEventType]: z.infer<(typeof hookEvents)[Type]> }[HookEventType];

type DataOf<Kind extends HookEventKind> = z.infer<(typeof hookEvents)[Kind]>['data'];

/** The details that the event of a kind has in addition to what all have. */
export type HookDetails = { readonly [Kind in HookEventKind]: Omit<DataOf<Kind>, keyof typeof common> };
