import { invalidField } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { backupView, sourceNames } from './backup-view.ts';

export const listBackups: CallHandler<'listBackups'> = async (context, input) => {
  const page = await context.services.catalogue.listBackups(input);
  if (page === 'marker_not_found') {
    throw invalidField('marker', `no backup ${input.marker} is recorded`);
  }
  const names = await sourceNames(context.services, input.project_id, page.rows);
  const backups = page.rows.map((record) => backupView(record, names));
  return { backups, count: page.count, limit: input.limit, offset: input.offset };
};
