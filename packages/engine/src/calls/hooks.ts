import { BackupSyncError, type Hook, hooksMax, rotationHours, toWireTime } from '@backup-sync/contracts';
import type { CountedHook, HookChanges, HookDeliveryRecord, HookRecord } from '../catalogue/hook-records.ts';
import type { QueryServices } from '../services.ts';
import type { CallContext, MutationContext, MutationHandler, QueryHandler } from './call-context.ts';

const rotationMs = rotationHours * 60 * 60 * 1000;

export const listHooks: QueryHandler<'listHooks'> = async ({ services }, input) => {
  const hooks = await services.catalogue.hooks.listHooks(input.project_id);
  return { hooks: hooks.map((hook) => hookView(hook, services.world.clock.nowMs())) };
};

/** Adds a hook. Its secret is returned only once, and stored sealed. */
export const addHook: MutationHandler<'addHook'> = async ({ services, change }, input) => {
  const { hookSender } = services.work;
  const { clock, newId } = services.world;
  hookSender.refuseAddress(input.url);
  const id = newId();
  const { secret, ...keys } = await hookSender.makeKeys(id, input.signature === 'ed25519');
  const hook: Omit<HookRecord, 'cursor'> = {
    id,
    projectId: input.project_id,
    name: input.name,
    url: input.url,
    events: input.events,
    newestOlderThanS: input.newest_older_than_s,
    level: input.level,
    sourceOlderThanS: input.source_older_than_s,
    ...keys,
    previous: null,
    createdAtMs: clock.nowMs(),
    pausedAtMs: null,
    goneAtMs: null,
    lastTry: null,
  };
  const added = await change('addHook', hook);
  if (added === 'name_taken') {
    throw new BackupSyncError('hook_name_taken', `there is a hook ${JSON.stringify(input.name)} already`);
  }
  if (added === 'full') throw new BackupSyncError('hooks_full', `the project has ${hooksMax} hooks already`);
  return { hook: hookView({ ...hook, cursor: 0, waiting: 0, failed: 0 }, clock.nowMs()), secret };
};

export const updateHook: MutationHandler<'updateHook'> = async (context, input) => {
  if (input.url !== undefined) context.services.work.hookSender.refuseAddress(input.url);
  return await changed(context, input, {
    ...(input.url !== undefined && { url: input.url }),
    ...(input.events !== undefined && { events: input.events }),
    ...(input.newest_older_than_s !== undefined && { newestOlderThanS: input.newest_older_than_s }),
    ...(input.level !== undefined && { level: input.level }),
    ...(input.source_older_than_s !== undefined && { sourceOlderThanS: input.source_older_than_s }),
  });
};

export const pauseHook: MutationHandler<'pauseHook'> = (context, input) =>
  changed(context, input, { pausedAtMs: context.services.world.clock.nowMs() });

export const resumeHook: MutationHandler<'resumeHook'> = (context, input) =>
  changed(context, input, { pausedAtMs: null, goneAtMs: null });

/**
 * Makes a new secret. For a day, the one before signs as well, so that the receiver can change over. A rotation within
 * that day replaces only the new secret, which no receiver has to know yet.
 */
export const rotateHookSecret: MutationHandler<'rotateHookSecret'> = async (context, input) => {
  const { work, world } = context.services;
  const hook = await findHook(context, input.project_id, input.hook_id);
  const { sealedSecret, sealedPrivateKey } = hook;
  const { secret, ...keys } = await work.hookSender.makeKeys(input.hook_id, sealedPrivateKey !== null);
  const nowMs = world.clock.nowMs();
  const isChangingOver = hook.previous !== null && hook.previous.untilMs > nowMs;
  const previous = isChangingOver ? hook.previous : { sealedSecret, sealedPrivateKey, untilMs: nowMs + rotationMs };
  return { ...(await changed(context, input, { ...keys, previous })), secret };
};

/** Sends a test event now, whatever waits. */
export const testHook: MutationHandler<'testHook'> = async (context, input) => {
  const { work, world } = context.services;
  const hook = await findHook(context, input.project_id, input.hook_id);
  const body = JSON.stringify({
    type: 'hook.test',
    timestamp: new Date(world.clock.nowMs()).toISOString(),
    data: { project_id: hook.projectId, hook: { id: hook.id, name: hook.name } },
  });
  const { isDelivered, answer } = await work.hookSender.send(hook, { id: world.newId(), body }, world.stopping);
  const lastTry = { atMs: world.clock.nowMs(), isDelivered, answer };
  return { ...(await changed(context, input, { lastTry })), delivered: isDelivered, answer };
};

export const removeHook: MutationHandler<'removeHook'> = async ({ change }, input) => {
  if (!(await change('removeHook', input.project_id, input.hook_id))) throw hookNotFound(input.hook_id);
};

export const listHookDeliveries: QueryHandler<'listHookDeliveries'> = async (context, input) => {
  const { id } = await findHook(context, input.project_id, input.hook_id);
  const { hooks } = context.services.catalogue;
  const { deliveries, count } = await hooks.listHookEvents(id, input.status ?? null, input.limit);
  return { deliveries: deliveries.map(deliveryView), count };
};

export const resendHookDeliveries: MutationHandler<'resendHookDeliveries'> = async ({ change }, input) => {
  const { delivery_id: deliveryId = null } = input;
  const resent = await change('resendHookEvents', input.project_id, input.hook_id, deliveryId);
  if (resent === null) throw hookNotFound(input.hook_id);
  if (resent === 0 && deliveryId !== null) {
    throw new BackupSyncError('hook_delivery_not_found', `the hook has no delivery ${deliveryId}`);
  }
  return { resent };
};

async function changed(
  { services, change }: MutationContext,
  input: { readonly project_id: string; readonly hook_id: string },
  changes: HookChanges,
): Promise<{ hook: Hook }> {
  const hook = await change('changeHook', input.project_id, input.hook_id, changes);
  if (hook === null) throw hookNotFound(input.hook_id);
  return { hook: hookView(hook, services.world.clock.nowMs()) };
}

async function findHook(context: CallContext<QueryServices>, projectId: string, id: string): Promise<CountedHook> {
  const hook = await context.services.catalogue.hooks.showHook(projectId, id);
  if (hook === null) throw hookNotFound(id);
  return hook;
}

function hookNotFound(id: string): BackupSyncError {
  return new BackupSyncError('hook_not_found', `there is no hook ${id}`);
}

function hookView(hook: CountedHook, nowMs: number): Hook {
  const { previous, lastTry } = hook;
  return {
    id: hook.id,
    name: hook.name,
    url: hook.url,
    events: [...hook.events],
    newest_older_than_s: hook.newestOlderThanS,
    level: hook.level,
    source_older_than_s: hook.sourceOlderThanS,
    public_key: hook.publicKey,
    status: hook.goneAtMs !== null ? 'gone' : hook.pausedAtMs !== null ? 'paused' : 'active',
    created_at: toWireTime(hook.createdAtMs),
    previous_secret_until: previous === null || previous.untilMs <= nowMs ? null : toWireTime(previous.untilMs),
    waiting: hook.waiting,
    failed: hook.failed,
    last_try:
      lastTry === null
        ? null
        : { at: toWireTime(lastTry.atMs), delivered: lastTry.isDelivered, answer: lastTry.answer },
  };
}

function deliveryView(delivery: HookDeliveryRecord) {
  const { type } = JSON.parse(delivery.body);
  const { status, notBeforeMs, changedAtMs } = delivery;
  return {
    id: delivery.messageId,
    type,
    subject: delivery.subject,
    status,
    created_at: toWireTime(changedAtMs),
    tries: delivery.tries,
    next_try_at: status === 'waiting' ? toWireTime(notBeforeMs ?? changedAtMs) : null,
    last_answer: delivery.lastAnswer,
  };
}
