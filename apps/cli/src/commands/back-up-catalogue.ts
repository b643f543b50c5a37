import { counted } from '@backup-sync/contracts';
import { exitCodes, InterruptedError } from '../failure.ts';
import { formatBytes } from '../printable.ts';
import { liveLine } from '../progress.ts';
import { readSecretVariable } from '../secret-variable.ts';
import { note, print, printJson } from '../terminal.ts';
import { cataloguePlace } from './catalogue-place.ts';
import type { CommandContext } from './command-context.ts';
import { ownersOf } from './sealed-secrets.ts';

export type BackUpCatalogueOptions = {
  readonly output: string;
  readonly withKey?: boolean;
  readonly replace?: boolean;
};

/** Writes an archive of a catalogue, while a server may use it. */
export async function backUpCatalogueCommand(
  context: CommandContext,
  { output, withKey = false, replace = false }: BackUpCatalogueOptions,
): Promise<number> {
  const { environment, terminal, signal, version: release } = context;
  const { place } = await cataloguePlace(context);
  const secretKey = readSecretVariable(environment, 'BACKUP_SYNC_SECRET_KEY')?.reveal() ?? null;
  const { backUpCatalogue } = await import('@backup-sync/engine/catalogue-backup');
  const live = liveLine(terminal);
  const onRows = (table: string, rows: number) => live.show(`${table}: ${counted(rows, 'row')}`);
  const done = await backUpCatalogue({ from: place, output, replace, withKey, secretKey, release, signal, onRows })
    .catch((error: unknown) => {
      if (!signal.aborted) throw error;
      const remedy = 'No file was written, and an existing one is as it was. Run the command again.';
      throw new InterruptedError('The backup was stopped before it finished.', remedy, { cause: error });
    })
    .finally(() => live.stop());
  if (terminal.json) {
    printJson(terminal, {
      output: done.output,
      created_at: new Date(done.createdAtMs).toISOString(),
      bytes: done.bytes,
      rows: done.rows,
      access_keys: done.sealed.accessKeys,
      hooks: done.sealed.hooks,
      with_key: done.hasKey,
    });
    return exitCodes.done;
  }
  print(terminal, `backed up ${counted(done.rows, 'row')} to ${done.output} (${formatBytes(done.bytes)})`);
  const owners = ownersOf(done.sealed);
  if (done.hasKey) {
    note(
      terminal,
      'The file contains the key that opens the secrets of access keys and hooks. Anyone who can read it can use every ' +
        'access key.',
    );
  } else if (owners !== null) {
    note(
      terminal,
      `The file does not contain the key that opens the secrets of ${owners}. Keep a copy of the key in another place, or ` +
        'add --with-key.',
    );
  }
  return exitCodes.done;
}
