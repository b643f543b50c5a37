import type { CallHandler } from '../../context.ts';
import { sourceView } from './source-view.ts';

export const listSources: CallHandler<'listSources'> = async (context, input) => {
  const sources = await context.services.sourceStore.listSources(input.project_id);
  return { sources: sources.map(sourceView) };
};
