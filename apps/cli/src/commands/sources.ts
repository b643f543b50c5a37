import {
  BackupSyncError,
  type CallInput,
  type CallOutput,
  counted,
  type Operation,
  type Source,
} from '@backup-sync/contracts';
import type { Calls } from '@backup-sync/core';
import { connect, connectToCatalogue } from '../connect.ts';
import { durationText } from '../duration.ts';
import { AmbiguousNameError, exitCodes, UsageError } from '../failure.ts';
import type { Worker } from '../interruption.ts';
import { printFields, printTable } from '../print-table.ts';
import { printable } from '../printable.ts';
import { reasonSummary } from '../results.ts';
import { note, print, printJson, type Terminal } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';
import { agrees } from './confirm.ts';
import { leastPrefix } from './find-backup.ts';
import { printResources } from './resource-table.ts';
import { followScanCommand, parsePlace } from './scan.ts';

type NewSource = Partial<Omit<CallInput<'addSource'>, 'project_id' | 'bucket_name' | 'prefix'>>;

export async function addSourceCommand(context: CommandContext, place: string, fields: NewSource): Promise<number> {
  await using connection = await connect(context.connect, context.environment, context.onFault, 'make');
  const input = { name: place, ...fields, ...parsePlace(place) };
  const answer = await connection.client.calls.addSource(input, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else printSourceFields(context.terminal, answer.source);
  if (!connection.isServer && answer.source.interval_s !== null) {
    note(
      context.terminal,
      'This command is no server. Sources are scanned while a server or worker runs: see "backup-sync serve --help".',
    );
  }
  return exitCodes.done;
}

export async function listSourcesCommand(context: CommandContext): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.calls.listSources({}, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else {
    const columns = [
      { heading: 'NAME', wraps: true, shrinksTo: 12 },
      { heading: 'PLACE', wraps: true, shrinksTo: 12 },
      { heading: 'STATUS' },
      { heading: 'LAST COMPLETE RUN (UTC)' },
      { heading: 'LAST RUN', wraps: true, shrinksTo: 12 },
      { heading: 'NEXT RUN (UTC)', drops: 2 },
      { heading: 'ID', drops: 1 },
    ];
    const rows = answer.sources.map((source) => [
      source.name,
      placeOf(source),
      source.status,
      timeOf(source.last_good_sync_at),
      standingOf(source.last_run),
      timeOf(source.next_run_at),
      source.id,
    ]);
    printTable(context.terminal, columns, rows);
  }
  return exitCodes.done;
}

/** The state of the newest run, in a word or two. */
function standingOf(run: Source['last_run']): string {
  if (run === null) return '-';
  if (run.reason !== null) return `${run.status}: ${run.reason.code}`;
  return run.ended_at !== null && run.objects_listed === 0 ? `${run.status}: nothing listed` : run.status;
}

/** Commands on one source, by its name or id. */
export const sourceCommands = {
  async show(context: CommandContext, nameOrId: string): Promise<number> {
    const { terminal, signal } = context;
    await using connection = await connectToCatalogue(context.connect, context.environment);
    const { calls } = connection.client;
    const { id: source_id } = await sourceNamed(calls, nameOrId, signal);
    const answer = await calls.showSource({ source_id }, { signal });
    if (terminal.json) printJson(terminal, answer);
    else printSource(terminal, answer);
    return exitCodes.done;
  },
  scan: onSource(async (worker, source_id, context) => {
    const started = await worker.client.calls.scanSource({ source_id }, { signal: context.signal });
    return followRun(context, worker, started);
  }),
  pause: onSource(async ({ client: { calls } }, source_id, { terminal, signal }) => {
    const answer = await calls.pauseSource({ source_id }, { signal });
    if (terminal.json) printJson(terminal, answer);
    else printSourceFields(terminal, answer.source);
    return exitCodes.done;
  }),
  resume: onSource(async ({ client: { calls } }, source_id, { terminal, signal }) => {
    const answer = await calls.resumeSource({ source_id }, { signal });
    if (terminal.json) printJson(terminal, answer);
    else printSourceFields(terminal, answer.source);
    return exitCodes.done;
  }),
  confirm: onSource(async (worker, source_id, context) => {
    const started = await worker.client.calls.confirmSource({ source_id }, { signal: context.signal });
    return followRun(context, worker, started);
  }),
} as const;

/** Removes a source, by its full name or id. Asks first at a terminal, unless `yes` says not to. */
export async function removeSourceCommand(context: CommandContext, nameOrId: string, yes: boolean): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { calls } = connection.client;
  const { sources } = await calls.listSources({}, { signal });
  const source = exactly(sources, nameOrId);
  if (source === undefined) throw noSource(nameOrId);
  const question = `Remove source ${JSON.stringify(source.name)} (${placeOf(source)})? Its records stay.`;
  if (!(await agrees(context, yes, question))) return exitCodes.failure;
  await calls.removeSource({ source_id: source.id }, { signal });
  note(terminal, 'removed; its records stay');
  return exitCodes.done;
}

type SourceChanges = Omit<CallInput<'updateSource'>, 'project_id' | 'source_id'>;

/** Changes the given settings of a source. Throws {@link UsageError} if none is given. */
export function editSourceCommand(context: CommandContext, nameOrId: string, changes: SourceChanges): Promise<number> {
  const { force: _, ...named } = changes;
  if (Object.values(named).every((value) => value === undefined)) {
    throw new UsageError(
      'nothing to change: give --interval, --level, --reverify-after, --incomplete-after or --prefix',
    );
  }
  const edit = onSource(async ({ client: { calls } }, source_id, { terminal, signal }) => {
    const answer = await calls.updateSource({ source_id, ...changes }, { signal });
    if (terminal.json) printJson(terminal, answer);
    else printSourceFields(terminal, answer.source);
    return exitCodes.done;
  });
  return edit(context, nameOrId);
}

/** Follows a run of a source, and reports verifications that continue after it. */
async function followRun(context: CommandContext, worker: Worker, started: CallOutput<'scanSource'>): Promise<number> {
  const { client } = worker;
  const exitCode = await followScanCommand(context, worker, started, true);
  const unfinished = { kind: 'verify', status: ['waiting', 'running'], limit: 1 } as const;
  const { count } = await client.calls.listOperations(unfinished, { signal: context.signal });
  if (count > 0) {
    note(
      context.terminal,
      `${counted(count, 'verification has', 'verifications have')} not ended. A server runs them one by one; without ` +
        'a server, they continue when one starts. See "backup-sync operations list --kind verify".',
    );
  }
  const { operation } = await client.calls.showOperation(
    { operation_id: started.operation_id },
    { signal: context.signal },
  );
  const result = operation.result as { readonly held?: boolean } | null;
  if (result?.held !== true || exitCode !== exitCodes.done) return exitCode;
  note(
    context.terminal,
    'Recorded backups are missing from the listing. To see them, run "backup-sync sources show". If they are really ' +
      'gone, mark them with "backup-sync sources confirm".',
  );
  return exitCodes.someItemsFailed;
}

/** Creates a command that connects, finds the source by its name or id, and runs `run` on it. */
function onSource(run: (worker: Worker, sourceId: string, context: CommandContext) => Promise<number>) {
  return async (context: CommandContext, nameOrId: string): Promise<number> => {
    await using connection = await connect(context.connect, context.environment, context.onFault);
    const source = await sourceNamed(connection.client.calls, nameOrId, context.signal);
    return await run(connection, source.id, context);
  };
}

/**
 * Finds a source by its id, else by its name, else by the beginning of its id. Throws `source_not_found` and
 * {@link AmbiguousNameError}.
 */
export async function sourceNamed(
  calls: Pick<Calls, 'listSources'>,
  nameOrId: string,
  signal: AbortSignal,
): Promise<Source> {
  const { sources } = await calls.listSources({}, { signal });
  const source = exactly(sources, nameOrId);
  if (source !== undefined) return source;
  const begun = nameOrId.length < leastPrefix ? [] : sources.filter(({ id }) => id.startsWith(nameOrId));
  const [first] = begun;
  if (first === undefined) throw noSource(nameOrId);
  if (begun.length === 1) return first;
  const candidates = begun.map(({ id, name }) => ({ place: id, message: name }));
  const message = `${begun.length} sources have an id that begins with ${JSON.stringify(nameOrId)}`;
  throw new AmbiguousNameError(message, candidates, 'Name one by its name or id.');
}

/** The source of this id, or else of this name: names are unique. */
function exactly(sources: readonly Source[], nameOrId: string): Source | undefined {
  return sources.find(({ id }) => id === nameOrId) ?? sources.find(({ name }) => name === nameOrId);
}

function noSource(nameOrId: string): BackupSyncError {
  return new BackupSyncError('source_not_found', `there is no source ${JSON.stringify(nameOrId)}`);
}

function printSourceFields(terminal: Terminal, source: Source): void {
  const rows = [
    ['name', source.name],
    ['id', source.id],
    ['place', placeOf(source)],
    ['format', source.path_template ?? source.format ?? 'every known format'],
    ['level', source.level],
    ['status', source.status],
    ['interval', source.interval_s === null ? 'manual' : durationText(source.interval_s)],
    ['reverify after', source.reverify_after_s === null ? 'never' : durationText(source.reverify_after_s)],
    ['removal share', String(source.removal_share)],
    ['incomplete after', durationText(source.incomplete_after_s)],
    ['next run (UTC)', timeOf(source.next_run_at)],
    ['last run', source.last_run_id ?? '-'],
    ['last complete run (UTC)', timeOf(source.last_good_sync_at)],
  ];
  printFields(terminal, rows);
}

function printSource(terminal: Terminal, answer: CallOutput<'showSource'>): void {
  printSourceFields(terminal, answer.source);
  print(terminal, '');
  printResources(terminal, answer.resources);
  if (answer.last_run !== null) print(terminal, `\n${describeRun(answer.last_run)}`);
  printErrors(terminal, answer);
  const { held: hold } = answer.source;
  if (hold === null) return;
  const run = hold.operation_id === null ? '' : `, by operation ${hold.operation_id}`;
  print(terminal, `\nHeld since ${timeOf(hold.since)}${run}: ${hold.message}.`);
  print(terminal, `${counted(answer.held_count, 'backup is', 'backups are')} no longer listed:`);
  const held = answer.held_backups.map(({ backup_id, image_path }) => [backup_id, image_path]);
  printTable(terminal, [{ heading: 'BACKUP' }, { heading: 'IMAGE PATH', wraps: true, keepsWords: true }], held);
  print(terminal, `What to do: ${hold.remedy}`);
  print(terminal, `Nothing is marked until you run: backup-sync sources confirm ${JSON.stringify(answer.source.name)}`);
}

/** The backups in error, each reason once with its remedy. */
function printErrors(terminal: Terminal, { errors, error_count: count }: CallOutput<'showSource'>): void {
  if (count === 0) return;
  const shown = errors.length < count ? `, the first ${errors.length}` : '';
  print(terminal, `\n${counted(count, 'backup is', 'backups are')} in error${shown}:`);
  const items = errors.map(({ backup_id, backup_name, image_path, reason }) => ({
    name: `${backup_name ?? backup_id ?? '-'} (${image_path})`,
    reason,
  }));
  print(terminal, reasonSummary(items));
}

/** The result of the newest run; if it failed, why and what to do. */
function describeRun({ id, status, started_at, message, reason }: Operation): string {
  const run = `Last run: operation ${id}, started ${timeOf(started_at)}, ${status}`;
  if (reason === null) return message === '' ? run : `${run}: ${printable(message)}`;
  return `${run}: ${printable(reason.message)} (${reason.code})\nWhat to do: ${reason.remedy}`;
}

function placeOf({ bucket_name, prefix }: Source): string {
  return prefix === '' ? bucket_name : `${bucket_name}/${prefix}`;
}

function timeOf(time: string | null): string {
  return time === null ? '-' : shortTime(time);
}
