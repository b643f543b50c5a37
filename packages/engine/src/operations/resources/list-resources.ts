import type { CallHandler } from '../../context.ts';
import { findSource } from '../sources/source-view.ts';
import { resourceView } from './resource-view.ts';

/** How old is the newest proved backup of each resource? */
export const listResources: CallHandler<'listResources'> = async (context, input) => {
  const { catalogue, clock } = context.services;
  if (input.source_id !== undefined) await findSource(context, input.project_id, input.source_id);
  const { rows, count } = await catalogue.listResources(input);
  return { resources: rows.map((row) => resourceView(row, clock.nowMs())), count, limit: input.limit };
};
