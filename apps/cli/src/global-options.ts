import { storageDrivers } from '@backup-sync/engine/storage-drivers';
import { type Command, Option } from 'commander';
import { timeout } from './options.ts';

/** The options of every command that works on a catalogue. They can come before or after the command. */
export function globalOptions(): Option[] {
  return [
    new Option('--profile <profile>', 'server saved with "backup-sync login" (BACKUP_SYNC_PROFILE)'),
    new Option('--endpoint <url>', 'address of a server (BACKUP_SYNC_ENDPOINT)'),
    new Option('--project <id>', 'id of the project to work in (BACKUP_SYNC_PROJECT)'),
    ...placeOptions(),
    new Option('--storage <unit>', `storage unit: ${storageForms()} (BACKUP_SYNC_STORAGE)`),
    new Option(
      '--addressing-style <style>',
      'place of the bucket name in S3 requests (BACKUP_SYNC_ADDRESSING_STYLE, default: path)',
    ).choices(['path', 'virtual']),
    new Option('--storage-moved', 'same buckets, moved to --storage; remember the new location'),
    ...timeoutOptions(),
    jsonOption(),
  ];
}

/** The options of commands that work on a catalogue itself, never through a server. */
export function catalogueOptions(): Option[] {
  return [...placeOptions(), jsonOption()];
}

function placeOptions(): Option[] {
  return [
    new Option('--config <file>', 'configuration file of a local catalogue or server (BACKUP_SYNC_CONFIG)'),
    new Option('--data-dir <directory>', 'directory of the local catalogue (BACKUP_SYNC_DATA_DIR)'),
    new Option('--database <url>', 'address of a PostgreSQL catalogue (BACKUP_SYNC_DATABASE_URL)').conflicts('dataDir'),
  ];
}

/** The forms that `--storage` accepts, such as "file:<directory> or s3:<endpoint>". */
export function storageForms(): string {
  return storageDrivers.map(({ form }) => form).join(' or ');
}

export function jsonOption(): Option {
  return new Option('--json', 'results as JSON on standard output, errors as JSON on standard error');
}

/** The options that limit how long a command waits for a server. */
export function timeoutOptions(): Option[] {
  return [
    new Option(
      '--connect-timeout <duration>',
      'time limit to connect to a server (BACKUP_SYNC_CONNECT_TIMEOUT, default: 10s)',
    ).argParser(timeout),
    new Option(
      '--timeout <duration>',
      'time limit for a server that sends nothing (BACKUP_SYNC_TIMEOUT, default: 60s)',
    ).argParser(timeout),
  ];
}

/** Adds options that the help of a command only names. `backup-sync --help` describes them. */
export function addUndescribed(command: Command, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option.hideHelp());
  return command;
}

/**
 * Accepts the global options before the command too, and passes them on to it. If an option is given both before and
 * after the command, the one after it counts. A command that does not take the option refuses it.
 */
export function takeGlobalOptionsBefore(group: Command): void {
  addUndescribed(group.enablePositionalOptions(), globalOptions()).hook('preSubcommand', (from, to) => {
    for (const option of from.options) {
      const name = option.attributeName();
      if (from.getOptionValueSource(name) !== 'cli') continue;
      if (to.options.every((other) => other.attributeName() !== name)) {
        const path = from.parent === null ? to.name() : `${from.name()} ${to.name()}`;
        to.error(`error: "${path}" does not take the option '${option.flags}': leave it out`);
      }
      to.setOptionValueWithSource(name, from.getOptionValue(name), 'cli');
    }
  });
  for (const child of group.commands) if (child.commands.length > 0) takeGlobalOptionsBefore(child);
}
