import { authorise, type Verb } from '../../context.ts';
import { sourceView } from './source-view.ts';

export const listSources: Verb<'listSources'> = async (context, input) => {
  authorise(context, 'listSources', input.project_id);
  const { sourceStore } = context.services;
  await sourceStore.settleRuns();
  const sources = await sourceStore.listSources(input.project_id);
  return { sources: sources.map(sourceView) };
};
