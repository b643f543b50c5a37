import { BackupSyncError, type CallOutput } from '@backup-sync/contracts';
import type { Calls } from '@backup-sync/core';
import { connect, connectToCatalogue } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { printJson } from '../terminal.ts';
import { allResources, type WantedResources } from './all-resources.ts';
import type { CommandContext } from './command-context.ts';
import { findResource } from './find-backup.ts';
import { printResources } from './resource-table.ts';

export async function listResourcesCommand(context: CommandContext, wanted: WantedResources): Promise<number> {
  const { terminal, environment, signal } = context;
  await using connection = await connectToCatalogue(context.connect, environment);
  const answer = await allResources(connection.client.calls, wanted, signal);
  if (terminal.json) printJson(terminal, answer);
  else printResources(terminal, answer.resources);
  return exitCodes.done;
}

/** Commands on one resource, by its id or name. */
export const resourceCommands = {
  retire: onResource((calls, resource_id, signal) => calls.retireResource({ resource_id }, { signal })),
  unretire: onResource((calls, resource_id, signal) => calls.unretireResource({ resource_id }, { signal })),
} as const;

function onResource(change: (calls: Calls, id: string, signal: AbortSignal) => Promise<CallOutput<'retireResource'>>) {
  return async ({ terminal, environment, signal, ...context }: CommandContext, named: string): Promise<number> => {
    await using connection = await connect(context.connect, environment, context.onFault);
    const { calls } = connection.client;
    const answer = await change(calls, await resourceIdOf(calls, named, signal), signal);
    if (terminal.json) printJson(terminal, answer);
    else printResources(terminal, [answer.resource]);
    return exitCodes.done;
  };
}

/** Returns an unknown name unchanged: the call that uses it refuses and audits it. */
async function resourceIdOf(calls: Calls, named: string, signal: AbortSignal): Promise<string> {
  try {
    return (await findResource(calls, named, { signal })).id;
  } catch (error) {
    if (error instanceof BackupSyncError && error.code === 'resource_not_found') return named;
    throw error;
  }
}
