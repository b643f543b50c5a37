import { counted } from '@backup-sync/contracts';
import { checkStart } from '../configuration/check-start.ts';
import { layersOf } from '../configuration/layers.ts';
import { inspectConfiguration, refusal } from '../configuration/read-configuration.ts';
import { settingsOf } from '../configuration/settings.ts';
import { ConfigurationError, exitCodes, UsageError } from '../failure.ts';
import { printTable } from '../print-table.ts';
import { printable } from '../printable.ts';
import { note, print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** Checks a configuration file as a start of the server would. Throws {@link ConfigurationError} with every problem. */
export async function checkConfigCommand({ terminal, environment, connect, layers }: CommandContext): Promise<number> {
  const named = connect.config ?? environment.BACKUP_SYNC_CONFIG;
  if (named === undefined) {
    throw new UsageError('no configuration file is given: name it with --config or BACKUP_SYNC_CONFIG');
  }
  const { path, values, problems } = await inspectConfiguration(named);
  const inFile = problems.length === 0 ? [] : refusal(path, problems).problems;
  const start = await checkStart(layersOf(layers.variables, { path, values }), connect, {
    serves: true,
    runs: false,
    isWhole: inFile.length === 0,
  });
  const all = [...inFile, ...start.problems];
  for (const { place, message } of start.warnings) {
    note(terminal, { style: 'yellow', text: 'warning:' }, ` ${printable(place)}: ${printable(message)}`);
  }
  if (all.length > 0) {
    throw new ConfigurationError(`${counted(all.length, 'problem')} in the configuration ${JSON.stringify(path)}`, all);
  }
  if (terminal.json) printJson(terminal, { file: path, settings: values.length, warnings: start.warnings });
  else print(terminal, `${path} is valid: ${counted(values.length, 'setting')}`);
  return exitCodes.done;
}

/** Shows each setting of a server, and where it comes from. */
export async function showConfigCommand({ terminal, connect, layers }: CommandContext): Promise<number> {
  const settings = settingsOf(layers, connect);
  if (terminal.json) {
    printJson(terminal, { file: layers.file?.path ?? null, settings });
    return exitCodes.done;
  }
  printTable(
    terminal,
    [{ heading: 'KEY' }, { heading: 'VALUE', wraps: true }, { heading: 'SOURCE', wraps: true, keepsWords: true }],
    settings.map(({ key, value, source, from }) => [key, value ?? '-', from === null ? source : `${source} ${from}`]),
  );
  return exitCodes.done;
}
