import type { CallHandler } from '../../context.ts';
import { sourceNotFound } from './source-view.ts';

/** Removes a source and cancels its runs. Its records stay. */
export const removeSource: CallHandler<'removeSource'> = async (context, input) => {
  const { sourceStore, clock } = context.services;
  const isRemoved = await sourceStore.removeSource(input.project_id, input.source_id, clock.nowMs());
  if (!isRemoved) throw sourceNotFound(input.source_id);
};
