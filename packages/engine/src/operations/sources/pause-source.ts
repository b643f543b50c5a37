import type { CallHandler } from '../../context.ts';
import { findSource, sourceNotFound, sourceView } from './source-view.ts';

/** Plans no more runs; one that is under way goes on. */
export const pauseSource: CallHandler<'pauseSource'> = async (context, input) => {
  const { sourceStore, storedTimes } = context.services;
  const nowMs = await storedTimes.nowMs();
  const plan = { pausedAtMs: nowMs, nextRunAtMs: null, plannedAtMs: nowMs };
  const source = await sourceStore.planSource(input.project_id, input.source_id, plan);
  if (source === null) throw sourceNotFound(input.source_id);
  return { source: sourceView(source) };
};

/** Plans a run at once, where the source has an interval. One that is not paused stays as it is. */
export const resumeSource: CallHandler<'resumeSource'> = async (context, input) => {
  const { sourceStore, storedTimes } = context.services;
  const before = await findSource(context, input.project_id, input.source_id);
  if (before.pausedAtMs === null) return { source: sourceView(before) };
  const nowMs = await storedTimes.nowMs();
  const plan = { pausedAtMs: null, nextRunAtMs: before.intervalS === null ? null : nowMs, plannedAtMs: nowMs };
  const source = await sourceStore.planSource(input.project_id, input.source_id, plan);
  if (source === null) throw sourceNotFound(input.source_id);
  return { source: sourceView(source) };
};
