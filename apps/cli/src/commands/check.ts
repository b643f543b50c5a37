import { connectToCatalogue } from '../connect.ts';
import { UsageError } from '../failure.ts';
import { given } from '../options.ts';
import { printJson, printUnwrapped } from '../terminal.ts';
import { allResources } from './all-resources.ts';
import { type CheckLimits, judge } from './check-verdict.ts';
import type { CommandContext } from './command-context.ts';
import { findResource } from './find-backup.ts';
import { pluginCodes, pluginLine } from './plugin-output.ts';

export type CheckOptions = Omit<CheckLimits, 'warning' | 'critical' | 'acceptsCeiling'> & {
  /** Seconds. */
  readonly warning?: number;
  /** Seconds; `maxAge` is its older name. */
  readonly critical?: number;
  readonly maxAge?: number;
  readonly acceptCeiling?: boolean;
  /** Id or name. */
  readonly resource?: string;
  /** Id or name. */
  readonly source?: string;
};

/**
 * Prints one line and returns the exit code of a monitoring plug-in, for a machine that runs this every few minutes.
 */
export async function checkCommand(context: CommandContext, options: CheckOptions): Promise<number> {
  const { terminal, environment, signal } = context;
  const limits = limitsOf(options);
  await using connection = await connectToCatalogue(context.connect, environment);
  const { calls } = connection.client;
  const { resource: asked, source } = options;
  const { minLevel: level, acceptsCeiling } = limits;
  const resource = asked === undefined ? undefined : (await findResource(calls, asked, { signal })).id;
  const { resources } = await allResources(calls, { level, ...given({ resource, source, acceptsCeiling }) }, signal);
  const { state, message, performance, states } = judge(resources, limits);
  if (terminal.json) {
    const shown = states.map(({ resource, state: own }) => ({
      resource_id: resource.resource_id,
      resource_name: resource.resource_name,
      state: own,
      newest_proved_age_s: resource.newest_proved_age_s,
      newest_proved_at_source: resource.newest_proved_at_source,
      retired_at: resource.retired_at,
    }));
    printJson(terminal, { state, message, resources: shown });
  } else printUnwrapped(terminal, pluginLine(state, message, performance));
  return pluginCodes[state];
}

/** Reads the limits. Throws {@link UsageError} if no critical age is given, or the warning age is above it. */
function limitsOf({ warning, critical, maxAge, minLevel, acceptCeiling, exclude }: CheckOptions): CheckLimits {
  const limit = critical ?? maxAge;
  if (limit === undefined) throw new UsageError('no critical age is given: add --critical, such as --critical 26h');
  if (warning !== undefined && warning > limit) {
    throw new UsageError('--warning is above --critical, so it would never warn: give a lower --warning');
  }
  return {
    warning: warning ?? null,
    critical: limit,
    minLevel,
    acceptsCeiling: acceptCeiling ?? false,
    exclude,
  };
}
