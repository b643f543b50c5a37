import { counted } from '@backup-sync/contracts';
import type { Moved, MoveOptions, MoveStep } from '@backup-sync/engine/catalogue-move';
import { exitCodes, InterruptedError, UsageError } from '../failure.ts';
import { liveLine } from '../progress.ts';
import { readSecretVariable } from '../secret-variable.ts';
import { note, print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';
import { ownersOf } from './sealed-secrets.ts';

export type MoveCatalogueOptions = { readonly from?: string; readonly to?: string; readonly archive?: string };

const steps: Readonly<Record<MoveStep, string>> = {
  write: 'writing the archive',
  check: 'checking the archive',
  load: 'loading the database',
  verify: 'comparing the database with the archive',
};

/** Moves the catalogue of a data directory to a PostgreSQL database. */
export async function moveCatalogueCommand(context: CommandContext, options: MoveCatalogueOptions): Promise<number> {
  const { environment, terminal } = context;
  const from = options.from ?? environment.BACKUP_SYNC_DATA_DIR;
  const to = options.to ?? readSecretVariable(environment, 'BACKUP_SYNC_DATABASE_URL')?.reveal();
  if (from === undefined)
    throw new UsageError('no data directory is given: name it with --from or BACKUP_SYNC_DATA_DIR');
  if (to === undefined) throw new UsageError('no database is given: name it with --to or BACKUP_SYNC_DATABASE_URL');
  const archive = options.archive ?? null;
  const toFrom = options.to === undefined ? 'BACKUP_SYNC_DATABASE_URL' : '--to';
  const moved = await move(context, { from, to, toFrom, archive });
  const rows = moved.tables.reduce((sum, table) => sum + table.rows, 0);
  if (terminal.json) {
    const { tables, sealed } = moved;
    printJson(terminal, { from, to: moved.to, archive, tables, access_keys: sealed.accessKeys, hooks: sealed.hooks });
    return exitCodes.done;
  }
  print(terminal, `moved ${counted(rows, 'row')} in ${counted(moved.tables.length, 'table')} to ${moved.to}`);
  const owners = ownersOf(moved.sealed);
  if (owners !== null) {
    note(
      terminal,
      `The secrets of ${owners} stay encrypted. Every node needs the key of the ` +
        'data directory in BACKUP_SYNC_SECRET_KEY or BACKUP_SYNC_SECRET_KEY_FILE.',
    );
  }
  return exitCodes.done;
}

async function move(
  { environment, terminal, connect, signal, version: release }: CommandContext,
  places: Pick<MoveOptions, 'from' | 'to' | 'toFrom' | 'archive'>,
): Promise<Moved> {
  const { moveCatalogue } = await import('@backup-sync/engine/catalogue-move');
  const live = liveLine(terminal);
  let current: MoveStep | null = null;
  const onRows = (step: MoveStep, table: string, rows: number) => {
    // Elsewhere than on a terminal, one line for each step is enough.
    if (step !== current) live.say(steps[step]);
    current = step;
    live.show(`${table}: ${counted(rows, 'row')}`);
  };
  const secretKey = readSecretVariable(environment, 'BACKUP_SYNC_SECRET_KEY')?.reveal() ?? null;
  try {
    const command = connect.command ?? null;
    return await moveCatalogue({ ...places, secretKey, command, release, signal, onRows });
  } catch (error) {
    if (!signal.aborted) throw error;
    const remedy = 'Run the same command again: it continues where it stopped.';
    throw new InterruptedError('The move was stopped before it finished.', remedy, { cause: error });
  } finally {
    live.stop();
  }
}
