import {
  backupSortKeys,
  type CallInput,
  type CallName,
  calls,
  operationKinds,
  operationStatuses,
} from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import { withSuggestions } from './completion/suggest.ts';
import { given, wholeNumber } from './options.ts';

type Listing = Extract<CallName, 'listBackups' | 'listOperations'>;

/** Fields that select a page, not the records in the listing. */
const pageFields = new Set(['project_id', 'limit', 'offset', 'marker', 'sort']);

const descriptions = new Map([
  ['start_time', 'earliest time of a row, such as 2026-03-01T02:00:00Z'],
  ['end_time', 'latest time of a row, such as 2026-03-31T02:00:00Z'],
  ['incremental', 'true for increments, false for full backups'],
  ['id_prefix', 'beginning of the id, at least 4 characters'],
  ['name', 'name of the backup'],
  ['parent_id', 'id of the parent'],
  ['resource_id', 'id of the resource'],
  ['resource_name', 'name of the resource'],
  ['resource_type', 'type of the resource, such as OS::VMware::Server'],
  ['status', 'one status or several, separated by commas'],
  ['backup_id', 'id of the backup'],
  ['vault_id', 'id of the source'],
  ['checkpoint_id', 'id of the source run that imported it'],
  ['kind', `one kind or several, separated by commas: ${operationKinds.join(', ')}`],
]);

/** Values that a shell completes. CBR has more statuses of a backup, but no record has one of those. */
const values = {
  listBackups: new Map<string, readonly string[]>([
    ['status', ['available', 'error']],
    ['incremental', ['true', 'false']],
  ]),
  listOperations: new Map<string, readonly string[]>([
    ['status', operationStatuses],
    ['kind', operationKinds],
  ]),
} satisfies Record<Listing, unknown>;

/** Adds an option for each filter that the listing has in the table of calls. */
export function addFilterOptions(command: Command, listing: Listing): Command {
  for (const field of filtersOf(listing)) {
    const flags = `--${field.replaceAll('_', '-')} <value>`;
    const option = new Option(flags, descriptions.get(field) ?? `filter ${field} of the API`);
    command.addOption(withSuggestions(option, values[listing].get(field) ?? []));
  }
  return command;
}

/** Adds `--sort`, the order of the listing. */
export function addSortOption(command: Command): Command {
  const option = new Option('--sort <keys>', 'keys to sort by, such as name:asc,created_at:desc');
  return command.addOption(
    withSuggestions(
      option,
      backupSortKeys.flatMap((key) => [`${key}:asc`, `${key}:desc`]),
    ),
  );
}

/** Adds the options that select a page of a listing. */
export function pageOptions(command: Command): Command {
  return command
    .option('--limit <number>', 'maximum number of rows (default: 1000)', wholeNumber)
    .option('--offset <number>', 'number of rows to skip; ignored with --marker', wholeNumber)
    .option('--marker <id>', 'id of the last row of the previous page');
}

/** Builds the input of the listing from these options. The listing itself refuses wrong values. */
export function filterOf<Name extends Listing>(
  listing: Name,
  options: Readonly<Record<string, unknown>>,
): Omit<CallInput<Name>, 'project_id'> {
  const fields = [...filtersOf(listing), 'limit', 'offset', 'marker', 'sort'];
  const named = fields.map((field) => [
    field,
    options[field.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase())],
  ]);
  return given(Object.fromEntries(named)) as Omit<CallInput<Name>, 'project_id'>;
}

function filtersOf(listing: Listing): string[] {
  return Object.keys(calls[listing].input.shape).filter((field) => !pageFields.has(field));
}
