import { databaseOptions } from '../connect.ts';
import { exitCodes } from '../failure.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** Works on the operations of a database until Ctrl-C or SIGTERM, without serving the API. */
export async function workCommand(context: CommandContext): Promise<number> {
  const { terminal, environment, connect, signal, version, onFault, onNotice } = context;
  const options = databaseOptions(connect, environment);
  const { openClusterEngine } = await import('@backup-sync/engine/cluster');
  await using _engine = await openClusterEngine({
    ...options,
    serves: false,
    works: true,
    runsSources: true,
    version,
    onFault,
    onNotice,
  });
  const { shown } = options.database;
  if (terminal.json) printJson(terminal, { database: shown });
  else {
    print(terminal, `working on the operations of the database ${shown}`);
    print(terminal, 'press Ctrl-C to stop');
  }
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  return exitCodes.done;
}
