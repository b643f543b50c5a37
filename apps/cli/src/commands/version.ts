import { exitCodes } from '../failure.ts';
import { printFields } from '../print-table.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** The commit that a release is built from. Only the build of a release defines it. */
declare const BACKUP_SYNC_COMMIT: string | null | undefined;

/** Prints the version or, to be quoted in a report of a fault, also what this process consists of. */
export async function versionCommand({ terminal, version }: CommandContext, isVerbose: boolean): Promise<number> {
  const facts = isVerbose ? { version, ...(await describeProcess()) } : { version };
  if (terminal.json) printJson(terminal, facts);
  else if (isVerbose) {
    printFields(
      terminal,
      Object.entries(facts).map(([name, value]) => [name, String(value)]),
    );
  } else print(terminal, version);
  return exitCodes.done;
}

async function describeProcess() {
  const { newestSchema } = await import('@backup-sync/engine/newest-schema');
  const { versions, platform, arch } = process;
  return {
    commit: (typeof BACKUP_SYNC_COMMIT === 'undefined' ? null : BACKUP_SYNC_COMMIT) ?? 'unknown',
    node: versions.node,
    sqlite: versions.sqlite ?? 'unknown',
    schema: newestSchema,
    platform: `${platform} ${arch}`,
  };
}
