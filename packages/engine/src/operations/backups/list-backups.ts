import { invalidField } from '@backup-sync/contracts';
import type { Verb } from '../../context.ts';
import { backupView } from './backup-view.ts';

export const listBackups: Verb<'listBackups'> = async (context, input) => {
  const page = await context.services.catalogue.listBackups(input);
  if (page === 'marker_not_found') {
    throw invalidField('marker', `no backup ${input.marker} is recorded`);
  }
  return { backups: page.rows.map(backupView), count: page.count, limit: input.limit, offset: input.offset };
};
