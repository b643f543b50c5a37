import { BackupSyncError, type CallInput, counted, type Hook } from '@backup-sync/contracts';
import type { Calls } from '@backup-sync/core';
import { connect, connectToCatalogue } from '../connect.ts';
import { durationText } from '../duration.ts';
import { AmbiguousNameError, exitCodes, UsageError } from '../failure.ts';
import type { Worker } from '../interruption.ts';
import { printFields, printTable } from '../print-table.ts';
import { printable } from '../printable.ts';
import { note, print, printJson, type Terminal } from '../terminal.ts';
import { shortTime } from './backups.ts';
import type { CommandContext } from './command-context.ts';
import { agrees } from './confirm.ts';
import { leastPrefix } from './find-backup.ts';

type NewHook = Partial<Omit<CallInput<'addHook'>, 'project_id' | 'url'>>;
type HookChanges = Omit<CallInput<'updateHook'>, 'project_id' | 'hook_id'>;

/** Adds a hook and prints its secret, which is shown only once. */
export async function addHookCommand(context: CommandContext, url: string, fields: NewHook): Promise<number> {
  const { signal, terminal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault, 'make');
  const name = URL.parse(url)?.hostname ?? url;
  const answer = await connection.client.calls.addHook({ name, ...fields, url }, { signal });
  printWithSecret(terminal, answer);
  if (!connection.isServer) {
    note(terminal, 'This command is no server. Events are sent while a server runs: see "backup-sync serve --help".');
  }
  return exitCodes.done;
}

export async function listHooksCommand(context: CommandContext): Promise<number> {
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const answer = await connection.client.calls.listHooks({}, { signal: context.signal });
  if (context.terminal.json) printJson(context.terminal, answer);
  else {
    const columns = [
      { heading: 'NAME', wraps: true, shrinksTo: 12 },
      { heading: 'URL', wraps: true, shrinksTo: 16 },
      { heading: 'STATUS' },
      { heading: 'WAITING' },
      { heading: 'FAILED' },
      { heading: 'LAST TRY', wraps: true, shrinksTo: 16 },
      { heading: 'ID', drops: 1 },
    ];
    const rows = answer.hooks.map((hook) => [
      ...[hook.name, hook.url, hook.status, String(hook.waiting), String(hook.failed), lastTryOf(hook), hook.id],
    ]);
    printTable(context.terminal, columns, rows);
  }
  return exitCodes.done;
}

/** Commands on one hook, by its name or id. */
export const hookCommands = {
  async show(context: CommandContext, nameOrId: string): Promise<number> {
    await using connection = await connectToCatalogue(context.connect, context.environment);
    const hook = await hookNamed(connection.client.calls, nameOrId, context.signal);
    return printHook(context.terminal, { hook });
  },
  test: onHook(async ({ client: { calls } }, hook_id, { terminal, signal }) => {
    const answer = await calls.testHook({ hook_id }, { signal });
    if (terminal.json) printJson(terminal, answer);
    else print(terminal, `${answer.delivered ? 'delivered' : 'not delivered'}: ${printable(answer.answer)}`);
    return answer.delivered ? exitCodes.done : exitCodes.failure;
  }),
  pause: onHook(async ({ client: { calls } }, hook_id, { terminal, signal }) =>
    printHook(terminal, await calls.pauseHook({ hook_id }, { signal })),
  ),
  resume: onHook(async ({ client: { calls } }, hook_id, { terminal, signal }) =>
    printHook(terminal, await calls.resumeHook({ hook_id }, { signal })),
  ),
  'rotate-secret': onHook(async ({ client: { calls } }, hook_id, { terminal, signal }) => {
    printWithSecret(terminal, await calls.rotateHookSecret({ hook_id }, { signal }));
    return exitCodes.done;
  }),
} as const;

/** Changes the given settings of a hook. Throws {@link UsageError} if none is given. */
export function editHookCommand(context: CommandContext, nameOrId: string, changes: HookChanges): Promise<number> {
  if (Object.keys(changes).length === 0) {
    throw new UsageError('nothing to change: give --url, --event, --newest-older-than, --level or --source-older-than');
  }
  const edit = onHook(async ({ client: { calls } }, hook_id, { terminal, signal }) =>
    printHook(terminal, await calls.updateHook({ hook_id, ...changes }, { signal })),
  );
  return edit(context, nameOrId);
}

/** Removes a hook, by its full name or id. Asks first at a terminal, unless `yes` says not to. */
export async function removeHookCommand(context: CommandContext, nameOrId: string, yes: boolean): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connect(context.connect, context.environment, context.onFault);
  const { calls } = connection.client;
  const { hooks } = await calls.listHooks({}, { signal });
  const hook = exactly(hooks, nameOrId);
  if (hook === undefined) throw noHook(nameOrId);
  const question = `Remove hook ${JSON.stringify(hook.name)} and the ${counted(hook.waiting, 'event')} that wait for it?`;
  if (!(await agrees(context, yes, question))) return exitCodes.failure;
  await calls.removeHook({ hook_id: hook.id }, { signal });
  note(terminal, 'removed');
  return exitCodes.done;
}

export async function listHookDeliveriesCommand(
  context: CommandContext,
  nameOrId: string,
  filter: Pick<CallInput<'listHookDeliveries'>, 'status' | 'limit'>,
): Promise<number> {
  const { terminal, signal } = context;
  await using connection = await connectToCatalogue(context.connect, context.environment);
  const { calls } = connection.client;
  const { id: hook_id } = await hookNamed(calls, nameOrId, signal);
  const answer = await calls.listHookDeliveries({ hook_id, ...filter }, { signal });
  if (terminal.json) printJson(terminal, answer);
  else {
    const columns = [
      { heading: 'TYPE' },
      { heading: 'SUBJECT', wraps: true, shrinksTo: 12 },
      { heading: 'STATUS' },
      { heading: 'TRIES' },
      { heading: 'CREATED (UTC)' },
      { heading: 'NEXT TRY (UTC)', drops: 2 },
      { heading: 'LAST ANSWER', wraps: true, shrinksTo: 16 },
      { heading: 'ID', drops: 1 },
    ];
    const rows = answer.deliveries.map((delivery) => [
      delivery.type,
      `${delivery.subject.kind} ${delivery.subject.name ?? delivery.subject.id}`,
      delivery.status,
      String(delivery.tries),
      shortTime(delivery.created_at),
      delivery.next_try_at === null ? '-' : shortTime(delivery.next_try_at),
      delivery.last_answer ?? '-',
      delivery.id,
    ]);
    printTable(terminal, columns, rows);
    if (answer.count > rows.length) note(terminal, `${answer.count} in all; --limit shows more`);
  }
  return exitCodes.done;
}

/** Sends one delivery now, or all that failed or wait for another try. */
export function resendHookDeliveriesCommand(
  context: CommandContext,
  nameOrId: string,
  delivery_id: string | undefined,
): Promise<number> {
  const resend = onHook(async ({ client: { calls } }, hook_id, { terminal, signal }) => {
    const input = delivery_id === undefined ? { hook_id } : { hook_id, delivery_id };
    const answer = await calls.resendHookDeliveries(input, { signal });
    if (terminal.json) printJson(terminal, answer);
    else print(terminal, `${counted(answer.resent, 'delivery waits', 'deliveries wait')} to be sent again`);
    return exitCodes.done;
  });
  return resend(context, nameOrId);
}

/** Creates a command that connects, finds the hook by its name or id, and runs `run` on it. */
function onHook(run: (worker: Worker, hookId: string, context: CommandContext) => Promise<number>) {
  return async (context: CommandContext, nameOrId: string): Promise<number> => {
    await using connection = await connect(context.connect, context.environment, context.onFault);
    const hook = await hookNamed(connection.client.calls, nameOrId, context.signal);
    return await run(connection, hook.id, context);
  };
}

/** Finds a hook by its id, else by its name, else by the beginning of its id. */
async function hookNamed(calls: Pick<Calls, 'listHooks'>, nameOrId: string, signal: AbortSignal): Promise<Hook> {
  const { hooks } = await calls.listHooks({}, { signal });
  const hook = exactly(hooks, nameOrId);
  if (hook !== undefined) return hook;
  const begun = nameOrId.length < leastPrefix ? [] : hooks.filter(({ id }) => id.startsWith(nameOrId));
  const [first] = begun;
  if (first === undefined) throw noHook(nameOrId);
  if (begun.length === 1) return first;
  const candidates = begun.map(({ id, name }) => ({ place: id, message: name }));
  const message = `${begun.length} hooks have an id that begins with ${JSON.stringify(nameOrId)}`;
  throw new AmbiguousNameError(message, candidates, 'Name one by its name or id.');
}

function exactly(hooks: readonly Hook[], nameOrId: string): Hook | undefined {
  return hooks.find(({ id }) => id === nameOrId) ?? hooks.find(({ name }) => name === nameOrId);
}

function noHook(nameOrId: string): BackupSyncError {
  return new BackupSyncError('hook_not_found', `there is no hook ${JSON.stringify(nameOrId)}`);
}

function printWithSecret(terminal: Terminal, answer: { readonly hook: Hook; readonly secret: string }): void {
  if (terminal.json) {
    printJson(terminal, answer);
    return;
  }
  printHook(terminal, answer);
  print(terminal, `\nsecret: ${answer.secret}`);
  note(terminal, 'keep the secret: it is shown only once');
}

function printHook(terminal: Terminal, answer: { readonly hook: Hook }): number {
  const { hook } = answer;
  if (terminal.json) printJson(terminal, answer);
  else {
    const limit = (seconds: number | null) => (seconds === null ? 'never' : durationText(seconds));
    printFields(terminal, [
      ['name', hook.name],
      ['id', hook.id],
      ['url', hook.url],
      ['status', hook.status],
      ['events', hook.events.join(', ')],
      ['backup overdue', `${limit(hook.newest_older_than_s)}, proved to ${hook.level}`],
      ['source overdue', limit(hook.source_older_than_s)],
      ...(hook.public_key === null ? [] : [['public key', hook.public_key]]),
      ...(hook.previous_secret_until === null
        ? []
        : [['secret before signs until', shortTime(hook.previous_secret_until)]]),
      ['waiting', String(hook.waiting)],
      ['failed', String(hook.failed)],
      ['last try (UTC)', lastTryOf(hook)],
    ]);
  }
  return exitCodes.done;
}

function lastTryOf({ last_try: last }: Hook): string {
  return last === null ? '-' : `${shortTime(last.at)}: ${last.answer}`;
}
