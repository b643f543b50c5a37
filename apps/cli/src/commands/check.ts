import { fromWireTime, type VerificationLevel, verificationLevel } from '@backup-sync/contracts';
import type { CbrBackup } from '@backup-sync/core';
import { type CatalogueConnection, connectToCatalogue } from '../connect.ts';
import { UsageError } from '../failure.ts';
import { printable } from '../table.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { sourceNamed } from './sources.ts';

export type CheckOptions = {
  /** Seconds. */
  readonly maxAge: number;
  readonly minLevel: VerificationLevel;
  readonly resource?: string;
  /** Name or id. */
  readonly source?: string;
};

/** What monitoring plugins exit with. */
const pluginCodes = { OK: 0, CRITICAL: 2, UNKNOWN: 3 } as const;
const namedMax = 5;

/** How new the newest proved backup of a resource is. */
export type ResourceState = {
  readonly resourceId: string;
  readonly resourceName: string;
  /** Null where no backup is proved to the level. */
  readonly ageS: number | null;
};

/** One line, and the exit code of a monitoring plugin, for a machine that runs this every few minutes. */
export async function checkCommand(context: CommandContext, options: CheckOptions): Promise<number> {
  const { terminal, environment, signal } = context;
  try {
    await using connection = await connectToCatalogue(context.connect, environment);
    const states = await newestProved(connection.client, options, Date.now(), signal);
    const verdict = judge(states, options);
    if (terminal.json) {
      const resources = states.map((state) => ({
        resource_id: state.resourceId,
        resource_name: state.resourceName,
        newest_proved_age_s: state.ageS,
      }));
      printJson(terminal, { state: verdict.state, message: verdict.message, resources });
    } else print(terminal, `${verdict.state}: ${verdict.message}`);
    return pluginCodes[verdict.state];
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    if (terminal.json) printJson(terminal, { state: 'UNKNOWN', message, resources: [] });
    else print(terminal, `UNKNOWN: ${printable(message)}`);
    return pluginCodes.UNKNOWN;
  }
}

/** Reads backups from the newest on, for each resource until one is proved far enough. */
async function newestProved(
  client: CatalogueConnection['client'],
  { minLevel, resource, source }: CheckOptions,
  nowMs: number,
  signal: AbortSignal,
): Promise<ResourceState[]> {
  const newestFirst = { sort: 'protected_at:desc' };
  if (source === undefined && resource === undefined) {
    const states = new Map<string, ResourceState>();
    for await (const backup of client.allBackups(newestFirst, { signal })) {
      const before = states.get(backup.resource_id);
      if (before === undefined || before.ageS === null)
        states.set(backup.resource_id, stateOf(backup, minLevel, nowMs));
    }
    return [...states.values()];
  }
  const ids = resource === undefined ? await resourcesOf(client, source ?? '', signal) : [resource];
  const states: ResourceState[] = [];
  for (const resourceId of ids) {
    let state: ResourceState = { resourceId, resourceName: resourceId, ageS: null };
    for await (const backup of client.allBackups({ ...newestFirst, resource_id: resourceId }, { signal })) {
      state = stateOf(backup, minLevel, nowMs);
      if (state.ageS !== null) break;
    }
    states.push(state);
  }
  return states;
}

async function resourcesOf(
  { operations }: CatalogueConnection['client'],
  source: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { id } = await sourceNamed(operations, source, signal);
  const { resources } = await operations.showSource({ source_id: id }, { signal });
  return resources.map(({ resource_id }) => resource_id);
}

function stateOf(backup: CbrBackup, minLevel: VerificationLevel, nowMs: number): ResourceState {
  const level = backup.backup_sync?.level ?? null;
  const isProved = backup.status === 'available' && level !== null && rank(level) >= rank(minLevel);
  const madeMs = backup.protected_at === null ? null : fromWireTime(backup.protected_at);
  return {
    resourceId: backup.resource_id,
    resourceName: backup.resource_name,
    ageS: isProved && madeMs !== null ? Math.max(0, Math.floor((nowMs - madeMs) / 1000)) : null,
  };
}

/** The sentence of the one line. No resource at all is as bad as one without a backup. */
export function judge(
  states: readonly ResourceState[],
  { maxAge, minLevel }: Pick<CheckOptions, 'maxAge' | 'minLevel'>,
): { readonly state: 'OK' | 'CRITICAL'; readonly message: string } {
  if (states.length === 0) return { state: 'CRITICAL', message: 'no backup of any resource is recorded' };
  const late = states.filter(({ ageS }) => ageS === null || ageS > maxAge);
  const proved = `proved to ${minLevel} within ${ageText(maxAge)}`;
  if (late.length > 0) {
    const named = late.slice(0, namedMax).map(({ resourceName, ageS }) => {
      return `${printable(resourceName)} (${ageS === null ? 'none' : `${ageText(ageS)} old`})`;
    });
    const more = late.length > namedMax ? `, and ${late.length - namedMax} more` : '';
    const of = `${late.length} of ${states.length} ${states.length === 1 ? 'resource has' : 'resources have'}`;
    return { state: 'CRITICAL', message: `${of} no backup ${proved}: ${named.join(', ')}${more}` };
  }
  const oldest = Math.max(...states.map(({ ageS }) => ageS ?? 0));
  const all = states.length === 1 ? '1 resource has' : `${states.length} resources have`;
  return { state: 'OK', message: `${all} a backup ${proved}; the newest is ${ageText(oldest)} old at most` };
}

function rank(level: VerificationLevel): number {
  return verificationLevel.options.indexOf(level);
}

/** `90 min`, `26 h`, `7 d`. */
function ageText(seconds: number): string {
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 3 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
