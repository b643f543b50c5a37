import type { Verb } from '../../context.ts';
import { findSource, sourceNotFound } from './source-view.ts';

/** Removes a source. Its records stay as they are; a run that is under way is cancelled. */
export const removeSource: Verb<'removeSource'> = async (context, input) => {
  const { sourceStore, taskStore, clock } = context.services;
  const source = await findSource(context, input.project_id, input.source_id);
  if (source.lastRunId !== null) await taskStore.cancelTask(input.project_id, source.lastRunId, clock.nowMs());
  if (!(await sourceStore.removeSource(input.project_id, source.id))) throw sourceNotFound(input.source_id);
};
