import { storageDrivers } from '@backup-sync/engine/storage-drivers';
import { type Command, Option } from 'commander';
import { timeout } from './options.ts';

/** The options that every command takes which works on a catalogue, before the command or after it. */
export function globalOptions(): Option[] {
  return [
    new Option('--profile <profile>', 'server saved with "backup-sync login" (BACKUP_SYNC_PROFILE)'),
    new Option('--endpoint <url>', 'address of a server (BACKUP_SYNC_ENDPOINT)'),
    new Option('--project <id>', 'project to work in (BACKUP_SYNC_PROJECT)'),
    new Option('--data-dir <directory>', 'local catalogue (BACKUP_SYNC_DATA_DIR)'),
    new Option('--storage <unit>', `${storageForms()} (BACKUP_SYNC_STORAGE)`),
    new Option(
      '--addressing-style <style>',
      'where S3 requests name the bucket (BACKUP_SYNC_ADDRESSING_STYLE, default: path)',
    ).choices(['path', 'virtual']),
    new Option('--storage-moved', 'new location of the same buckets: remember --storage'),
    ...timeoutOptions(),
    jsonOption(),
  ];
}

/** What `--storage` takes, e.g. "file:<directory> or s3:<endpoint>". */
export function storageForms(): string {
  return storageDrivers.map(({ form }) => form).join(' or ');
}

export function jsonOption(): Option {
  return new Option('--json', 'results as JSON on standard output, errors as JSON on standard error');
}

/** How long a command waits for a server. */
export function timeoutOptions(): Option[] {
  return [
    new Option(
      '--connect-timeout <duration>',
      'time to connect to a server (BACKUP_SYNC_CONNECT_TIMEOUT, default: 10s)',
    ).argParser(timeout),
    new Option(
      '--timeout <duration>',
      'time that a server may send nothing (BACKUP_SYNC_TIMEOUT, default: 60s)',
    ).argParser(timeout),
  ];
}

/** Adds options that the help of each command only names: the help of the program describes them. */
export function addUndescribed(command: Command, options: readonly Option[]): Command {
  for (const option of options) command.addOption(option.hideHelp());
  return command;
}

/**
 * Lets the program and its groups take the global options too, and hands them on to the command. If an option is given
 * both before a command and after it, the one after it counts. A command that does not take it refuses it.
 */
export function takeGlobalOptionsBefore(group: Command): void {
  addUndescribed(group.enablePositionalOptions(), globalOptions()).hook('preSubcommand', (from, to) => {
    for (const option of from.options) {
      const name = option.attributeName();
      if (from.getOptionValueSource(name) !== 'cli') continue;
      if (to.options.every((other) => other.attributeName() !== name)) {
        const path = from.parent === null ? to.name() : `${from.name()} ${to.name()}`;
        to.error(`error: "${path}" does not take the option '${option.flags}'`);
      }
      to.setOptionValueWithSource(name, from.getOptionValue(name), 'cli');
    }
  });
  for (const child of group.commands) if (child.commands.length > 0) takeGlobalOptionsBefore(child);
}
