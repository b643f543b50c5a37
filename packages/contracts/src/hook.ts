import { z } from 'zod';
import { createdAt, madeId, projectId, queryEnum, queryInteger, text, wireTime } from './fields.ts';
import { hookEventKind, hookSubject } from './hook-event.ts';
import { verificationLevel } from './verification.ts';

/** Maximum number of hooks of a project. */
export const hooksMax = 20;

/** Hours for which both the old and the new secret of a hook sign, after a rotation. */
export const rotationHours = 24;

const leastAgeS = 60;
const yearS = 366 * 24 * 60 * 60;

const hookId = madeId.meta({ description: 'Id of the hook.' });

function addressProblem(address: string): string | undefined {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'must be an https address, such as https://alerts.example.com/hook';
  }
  if (`${url.username}${url.password}` !== '') return 'must not contain a user or password';
  return url.hash === '' ? undefined : 'must not have a fragment';
}

const age = z
  .number()
  .int('must be whole seconds')
  .min(leastAgeS, `must be at least ${leastAgeS} seconds`)
  .max(10 * yearS)
  .nullable();

const hookFields = {
  name: text(1, 64).meta({ description: 'Name of the hook, unique in its project.' }),
  url: text(1, 2048, addressProblem).meta({
    description:
      'Address that events are sent to. It must be https and outside the network of the server, unless the server allows its network.',
  }),
  events: z
    .array(hookEventKind)
    .min(1)
    .max(hookEventKind.options.length)
    .transform((kinds) => hookEventKind.options.filter((kind) => kinds.includes(kind)))
    .default([...hookEventKind.options])
    .meta({ description: 'Kinds of problems that it reports (default: all).' }),
  newest_older_than_s: age.default(null).meta({
    description: 'Age in seconds above which the newest proved backup of a resource is overdue; null for never.',
  }),
  level: verificationLevel
    .default('linkage')
    .meta({ description: 'Level at which a backup counts as proved, for backup.overdue.' }),
  source_older_than_s: age.default(null).meta({
    description: 'Seconds since the last good run above which a source is overdue; null for never.',
  }),
};

const signature = z.enum(['hmac', 'ed25519']);

const sameAs = (field: z.ZodType) => ({ description: field.meta()?.description ?? '' });

export const hook = z
  .object({
    id: hookId,
    name: z.string().meta(sameAs(hookFields.name)),
    url: z.string().meta({ description: 'Address that events are sent to.' }),
    events: z.array(hookEventKind).meta({ description: 'Kinds of problems that it reports.' }),
    newest_older_than_s: z.int().nullable().meta(sameAs(hookFields.newest_older_than_s)),
    level: verificationLevel.meta(sameAs(hookFields.level)),
    source_older_than_s: z.int().nullable().meta(sameAs(hookFields.source_older_than_s)),
    public_key: z.string().nullable().meta({
      description: 'Public key of the Ed25519 signatures, as whpk_…; null if it has only HMAC signatures.',
    }),
    status: z.enum(['active', 'paused', 'gone']).meta({
      description: 'State: active; paused by a person; or gone, because the receiver answered 410. Resume it to go on.',
    }),
    created_at: createdAt,
    previous_secret_until: wireTime.nullable().meta({
      description: 'Until when events are also signed with the secret before the last rotation; null if they are not.',
    }),
    waiting: z.int().meta({ description: 'Number of events that wait for their delivery.' }),
    failed: z.int().meta({ description: 'Number of events that were given up after the last try.' }),
    last_try: z
      .object({
        at: wireTime.meta({ description: 'When it was.' }),
        delivered: z.boolean().meta({ description: 'Whether the receiver accepted the event.' }),
        answer: z.string().meta({ description: 'What the receiver answered, or why it could not be reached.' }),
      })
      .nullable()
      .meta({ description: 'The last try of a delivery; null before the first.' }),
  })
  .meta({ id: 'Hook', description: 'An address that is notified of problems, as a webhook (Standard Webhooks).' });
export type Hook = z.infer<typeof hook>;

const secret = z.string().meta({
  description: 'Secret of the signatures, as whsec_…. Only this answer contains it; it cannot be read again.',
});

export const addHookInput = z.object({
  project_id: projectId,
  ...hookFields,
  signature: signature.default('hmac').meta({
    description:
      'Signatures of each event. hmac: with the secret. ed25519: also with a key whose public part is shown.',
  }),
});
export const addHookAnswer = z.object({ hook, secret }).meta({ id: 'AddHookAnswer' });

export const listHooksInput = z.object({ project_id: projectId });
export const listHooksAnswer = z
  .object({ hooks: z.array(hook).meta({ description: 'Hooks of the project, sorted by name.' }) })
  .meta({ id: 'ListHooksAnswer' });

export const hookInput = z.object({ project_id: projectId, hook_id: hookId });
export const hookAnswer = z.object({ hook }).meta({ id: 'HookAnswer' });

/** A field of an update: it may be left out, and the hook then keeps its value. */
const changed = <Schema extends z.ZodType>(field: z.ZodDefault<Schema>) =>
  field.removeDefault().optional().meta(sameAs(field));

export const updateHookInput = hookInput.extend({
  url: hookFields.url.optional().meta(sameAs(hookFields.url)),
  events: changed(hookFields.events),
  newest_older_than_s: changed(hookFields.newest_older_than_s),
  level: changed(hookFields.level),
  source_older_than_s: changed(hookFields.source_older_than_s),
});

export const testHookAnswer = z
  .object({
    delivered: z.boolean().meta({ description: 'Whether the receiver accepted the event.' }),
    answer: z.string().meta({ description: 'What the receiver answered, or why it could not be reached.' }),
    hook,
  })
  .meta({ id: 'TestHookAnswer' });

const deliveryId = madeId.meta({ description: 'Id of the delivery: the webhook-id that the receiver gets.' });
const deliveryStatuses = ['waiting', 'delivered', 'failed'] as const;

export const hookDelivery = z
  .object({
    id: deliveryId,
    type: z.string().meta({ description: 'Type of the event.' }),
    subject: hookSubject,
    status: z.enum(deliveryStatuses).meta({
      description: 'State: waiting for a try; delivered; or failed, after the last try.',
    }),
    created_at: createdAt,
    tries: z.int().meta({ description: 'Number of tries so far.' }),
    next_try_at: wireTime.nullable().meta({ description: 'When the next try is due; null if none is.' }),
    last_answer: z.string().nullable().meta({ description: 'Result of the last try; null before the first.' }),
  })
  .meta({ id: 'HookDelivery', description: 'The newest event about one subject, and its delivery.' });
export type HookDelivery = z.infer<typeof hookDelivery>;

export const listHookDeliveriesInput = hookInput.extend({
  status: queryEnum(deliveryStatuses).optional().meta({ description: 'Only deliveries in this state.' }),
  limit: queryInteger(1, 1000).default(100).meta({ description: 'Maximum number of deliveries (default 100).' }),
});
export const listHookDeliveriesAnswer = z
  .object({
    deliveries: z.array(hookDelivery).meta({ description: 'The newest deliveries, newest first.' }),
    count: z.int().meta({ description: 'Number of deliveries that match.' }),
  })
  .meta({ id: 'ListHookDeliveriesAnswer' });

export const resendHookDeliveriesInput = hookInput.extend({
  delivery_id: deliveryId
    .optional()
    .meta({ description: 'The delivery to send again (default: all that failed or wait for another try).' }),
});
export const resendHookDeliveriesAnswer = z
  .object({ resent: z.int().meta({ description: 'Number of deliveries that wait to be sent again.' }) })
  .meta({ id: 'ResendHookDeliveriesAnswer' });
