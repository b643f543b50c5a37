import type { Resource, TakenAtSource, VerificationLevel } from '@backup-sync/contracts';
import { type CatalogueConnection, connectToCatalogue } from '../connect.ts';
import { UsageError } from '../failure.ts';
import { printable } from '../printable.ts';
import { print, printJson } from '../terminal.ts';
import { objectTimeMark } from './backups.ts';
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
  /** Where the time of that backup comes from. */
  readonly ageSource: TakenAtSource | null;
};

/** One line, and the exit code of a monitoring plugin, for a machine that runs this every few minutes. */
export async function checkCommand(context: CommandContext, options: CheckOptions): Promise<number> {
  const { terminal, environment, signal } = context;
  try {
    await using connection = await connectToCatalogue(context.connect, environment);
    const states = await newestProved(connection.client, options, signal);
    const verdict = judge(states, options);
    if (terminal.json) {
      const resources = states.map((state) => ({
        resource_id: state.resourceId,
        resource_name: state.resourceName,
        newest_proved_age_s: state.ageS,
        newest_proved_at_source: state.ageSource,
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

/** Asks for the newest proved backup of each resource: a page for a thousand resources, however many backups. */
async function newestProved(
  { operations }: CatalogueConnection['client'],
  { minLevel, resource, source }: CheckOptions,
  signal: AbortSignal,
): Promise<ResourceState[]> {
  const source_id = source === undefined ? undefined : (await sourceNamed(operations, source, signal)).id;
  const filter = { level: minLevel, source_id, resource_id: resource };
  const states: ResourceState[] = [];
  while (true) {
    const marker = states.at(-1)?.resourceId;
    const { resources, limit } = await operations.listResources({ ...filter, marker }, { signal });
    states.push(...resources.map(stateOf));
    if (resources.length < limit) break;
  }
  if (states.length > 0 || resource === undefined) return states;
  return [{ resourceId: resource, resourceName: resource, ageS: null, ageSource: null }];
}

function stateOf(resource: Resource): ResourceState {
  return {
    resourceId: resource.resource_id,
    resourceName: resource.resource_name,
    ageS: resource.newest_proved_age_s,
    ageSource: resource.newest_proved_at_source,
  };
}

/** The sentence of the one line. No resource at all is as bad as one without a backup. */
export function judge(
  states: readonly ResourceState[],
  { maxAge, minLevel }: Pick<CheckOptions, 'maxAge' | 'minLevel'>,
): { readonly state: 'OK' | 'CRITICAL'; readonly message: string } {
  if (states.length === 0) return { state: 'CRITICAL', message: 'no backup of any resource is recorded' };
  const late = states.filter(({ ageS }) => ageS === null || ageS > maxAge);
  const proved = `proved to ${minLevel} within ${durationText(maxAge)}`;
  if (late.length > 0) {
    const named = late.slice(0, namedMax).map((state) => {
      return `${printable(state.resourceName)} (${state.ageS === null ? 'none' : `${ageText(state)} old`})`;
    });
    const more = late.length > namedMax ? `, and ${late.length - namedMax} more` : '';
    const of = `${late.length} of ${states.length} ${states.length === 1 ? 'resource has' : 'resources have'}`;
    return { state: 'CRITICAL', message: `${of} no backup ${proved}: ${named.join(', ')}${more}` };
  }
  const oldest = states.reduce((one, other) => ((other.ageS ?? 0) > (one.ageS ?? 0) ? other : one));
  const all = states.length === 1 ? '1 resource has' : `${states.length} resources have`;
  return { state: 'OK', message: `${all} a backup ${proved}; the newest is ${ageText(oldest)} old at most` };
}

/** `26 h`, or `~26 h` if the time comes from an object. */
function ageText({ ageS, ageSource }: ResourceState): string {
  return `${objectTimeMark(ageSource)}${durationText(ageS ?? 0)}`;
}

/** `90 min`, `26 h`, `7 d`. */
function durationText(seconds: number): string {
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 3 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
