import { type OperationInput, type OperationName, operations } from '@backup-sync/contracts';
import type { Command } from 'commander';
import { given, wholeNumber } from './options.ts';

type Listing = Extract<OperationName, 'listBackups' | 'listOperations'>;

/** What a page is, and not which records are in the listing. */
const pageFields = new Set(['project_id', 'limit', 'offset', 'marker', 'sort']);

const descriptions = new Map([
  ['start_time', 'from this time on, such as 2026-03-01T02:00:00Z'],
  ['end_time', 'up to this time'],
  ['incremental', 'true: increments alone; false: full backups alone'],
  ['id_prefix', 'only ids that begin with this'],
  ['name', 'only of this name'],
  ['parent_id', 'only those that build on this backup'],
  ['resource_id', 'only of this resource'],
  ['resource_name', 'only of the resource of this name'],
  ['resource_type', 'only of resources of this type, e.g. OS::VMware::Server'],
  ['status', 'only in this status, several by commas'],
  ['backup_id', 'only of this backup'],
  ['kind', 'only of this kind, several by commas: import, delete, scan, source_run, verify, plan'],
]);

/** Adds an option for each filter that the listing has in the table of operations. */
export function addFilterOptions(command: Command, listing: Listing): Command {
  for (const field of filtersOf(listing)) {
    command.option(`--${field.replaceAll('_', '-')} <value>`, descriptions.get(field) ?? `filter ${field} of the API`);
  }
  return command;
}

/** Adds the options that say which page of a listing is wanted. */
export function pageOptions(command: Command): Command {
  return command
    .option('--limit <number>', 'at most so many', wholeNumber)
    .option('--offset <number>', 'skip this many; ignored beside --marker', wholeNumber)
    .option('--marker <id>', 'start after this id: the last of the page before');
}

/** The input of the listing that these options make. The listing itself refuses values that are wrong. */
export function filterOf<Name extends Listing>(
  listing: Name,
  options: Readonly<Record<string, unknown>>,
): Omit<OperationInput<Name>, 'project_id'> {
  const fields = [...filtersOf(listing), 'limit', 'offset', 'marker', 'sort'];
  const named = fields.map((field) => [
    field,
    options[field.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase())],
  ]);
  return given(Object.fromEntries(named)) as Omit<OperationInput<Name>, 'project_id'>;
}

function filtersOf(listing: Listing): string[] {
  return Object.keys(operations[listing].input.shape).filter((field) => !pageFields.has(field));
}
