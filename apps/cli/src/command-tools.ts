import { type Command, Option } from 'commander';
import type { CommandContext } from './commands/command-context.ts';
import { timeout } from './options.ts';
import type { ConnectOptions } from './target.ts';

/** The options that every command takes which works on a catalogue. */
export type Shared = ConnectOptions & { json?: boolean };

/** What the program lends to a group of commands. */
export type Tools = {
  /** Adds a command that works on a catalogue, with its examples as they are typed behind `backup-sync`. */
  readonly command: typeof addCommand;
  readonly contextOf: (options: Shared) => CommandContext;
  /** Takes the exit code of the command. */
  readonly finish: (exitCode: number) => void;
};

export const exitCodesHelp = `
Exit codes: 0 all done, 1 usage or failure, 3 some items failed, 4 not authorised, 5 not reachable
or no answer in time, 130 interrupted.`;

const connectHelp = `
Works on the server of --endpoint or --profile; without one, on the local catalogue in --data-dir (through the server
that holds it, if one does). For --endpoint, set BACKUP_SYNC_TOKEN, or BACKUP_SYNC_ACCESS_KEY and
BACKUP_SYNC_SECRET_ACCESS_KEY.`;

/** A block of examples as it stands in the help. */
export function examplesHelp(examples: readonly string[]): string {
  const heading = examples.length === 1 ? 'Example' : 'Examples';
  return `\n${heading}:\n${examples.map((example) => `  backup-sync ${example}`).join('\n')}`;
}

/** See {@link Tools.command}. `exitCodes` takes the place of the usual ones in the help. */
export function addCommand(
  parent: Command,
  name: string,
  description: string,
  examples: readonly string[],
  exitCodes: string = exitCodesHelp,
): Command {
  const command = parent
    .command(name)
    .description(description)
    .option('--profile <name>', 'server that "backup-sync login" keeps under this name (BACKUP_SYNC_PROFILE)')
    .option('--endpoint <url>', 'server to work on (BACKUP_SYNC_ENDPOINT)')
    .option('--project <id>', 'project to work in (BACKUP_SYNC_PROJECT)')
    .option('--data-dir <directory>', 'local catalogue (BACKUP_SYNC_DATA_DIR)')
    .option('--storage <unit>', 'file:<directory> or s3:<endpoint> (BACKUP_SYNC_STORAGE)')
    .addOption(
      new Option(
        '--addressing-style <style>',
        'where S3 requests name the bucket: path, or virtual for the host name (BACKUP_SYNC_ADDRESSING_STYLE, else path)',
      ).choices(['path', 'virtual']),
    )
    .option('--storage-moved', 'the buckets of the catalogue lie at --storage now: from here on, it is theirs')
    .option('--json', 'results as JSON on standard output, errors as JSON on standard error');
  return addTimeouts(command).addHelpText('after', `${examplesHelp(examples)}\n${connectHelp}${exitCodes}`);
}

/** Adds the options that say how long a command waits for a server. */
export function addTimeouts(command: Command): Command {
  return command
    .option(
      '--connect-timeout <time>',
      'time to connect to a server, such as 30s (BACKUP_SYNC_CONNECT_TIMEOUT, else 10s)',
      timeout,
    )
    .option('--timeout <time>', 'time a server may send nothing (BACKUP_SYNC_TIMEOUT, else 60s)', timeout);
}
