import type { CallHandler } from '../../context.ts';
import { refuseUngranted } from '../backups/granted-places.ts';
import { refuseUnlistable } from './refuse-unlistable.ts';
import { findSource, sourceNotFound, sourceView } from './source-view.ts';
import { nextRunAfter } from './start-source-run.ts';

/** Changes a source. A new interval counts from now; backups outside a new prefix are dropped without being marked. */
export const updateSource: CallHandler<'updateSource'> = async (context, input) => {
  const { sourceStore, storedTimes } = context.services;
  const before = await findSource(context, input.project_id, input.source_id);
  const { prefix = before.prefix, level = before.level } = input;
  const { interval_s: intervalS = before.intervalS, reverify_after_s: reverifyAfterS = before.reverifyAfterS } = input;
  const { incomplete_after_s: incompleteAfterS = before.incompleteAfterS } = input;
  if (prefix !== before.prefix) {
    const place = { bucketName: before.bucketName, prefix };
    await refuseUngranted(context.services, input.project_id, [place]);
    if (!input.force) await refuseUnlistable(context.services, place);
  }
  const nowMs = await storedTimes.nowMs();
  const source = await sourceStore.updateSource(input.project_id, before.id, {
    prefix,
    level,
    intervalS,
    reverifyAfterS,
    incompleteAfterS,
    nextRunAtMs: intervalS === before.intervalS ? before.nextRunAtMs : nextRunAfter({ ...before, intervalS }, nowMs),
    updatedAtMs: nowMs,
  });
  if (source === null) throw sourceNotFound(input.source_id);
  return { source: sourceView(source) };
};
