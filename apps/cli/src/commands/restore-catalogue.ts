import { counted } from '@backup-sync/contracts';
import type { Restored, RestoreStep } from '@backup-sync/engine/catalogue-restore';
import { exitCodes, InterruptedError } from '../failure.ts';
import { liveLine } from '../progress.ts';
import { readSecretVariable } from '../secret-variable.ts';
import { note, print, printJson } from '../terminal.ts';
import { cataloguePlace } from './catalogue-place.ts';
import type { CommandContext } from './command-context.ts';
import { ownersOf } from './sealed-secrets.ts';

const steps: Readonly<Record<RestoreStep, string>> = {
  check: 'checking the archive',
  load: 'loading the catalogue',
  verify: 'comparing the catalogue with the archive',
};

/** Restores a catalogue from an archive into an empty data directory or database. */
export async function restoreCatalogueCommand(context: CommandContext, archive: string): Promise<number> {
  const { environment, terminal, signal, connect } = context;
  const { place, shown } = await cataloguePlace(context);
  const secretKey = readSecretVariable(environment, 'BACKUP_SYNC_SECRET_KEY')?.reveal() ?? null;
  const { restoreCatalogue } = await import('@backup-sync/engine/catalogue-restore');
  const live = liveLine(terminal);
  let current: RestoreStep | null = null;
  const onRows = (step: RestoreStep, table: string, rows: number) => {
    if (step !== current) live.say(steps[step]);
    current = step;
    live.show(`${table}: ${counted(rows, 'row')}`);
  };
  const command = connect.command ?? null;
  const restored = await restoreCatalogue({ archive, to: place, secretKey, command, signal, onRows })
    .catch((error: unknown) => {
      if (!signal.aborted) throw error;
      const remedy = 'Run the same command again.';
      throw new InterruptedError('The restore was stopped before it finished.', remedy, { cause: error });
    })
    .finally(() => live.stop());
  const backedUpAt = new Date(restored.backedUpAtMs).toISOString();
  if (terminal.json) {
    printJson(terminal, {
      to: shown,
      backed_up_at: backedUpAt,
      rows: restored.rows,
      access_keys: restored.sealed.accessKeys,
      hooks: restored.sealed.hooks,
      key: restored.key.replaceAll(' ', '_'),
      storage: restored.storageUnit,
    });
    return exitCodes.done;
  }
  const at = `${backedUpAt.slice(0, 19).replace('T', ' ')} UTC`;
  print(terminal, `restored ${counted(restored.rows, 'row')} to ${shown}, as of ${at}`);
  note(terminal, 'All tokens have ended: users and consoles have to log in again.');
  note(
    terminal,
    `Access keys, users and roles are those of ${at}. Keys that were disabled and roles that were revoked since then are ` +
      'valid again: check them with "backup-sync users list" and "backup-sync access-keys list".',
  );
  if (restored.sealed.hooks > 0) {
    note(
      terminal,
      'All hooks are paused, and events that were not delivered yet are given up. If this catalogue is to notify again, ' +
        'check the hooks with "backup-sync hooks list" and start each with "backup-sync hooks resume <hook>".',
    );
  }
  const aboutKey = keyNote(restored);
  if (aboutKey !== null) note(terminal, aboutKey);
  return exitCodes.done;
}

/** What to do about the key that opens the secrets of access keys and hooks. */
function keyNote({ key, sealed }: Restored): string | null {
  const owners = ownersOf(sealed);
  if (key === 'in the archive') {
    return (
      'The archive contains the key that opens the secrets of access keys and hooks. Give it to every node: it is "secret_key" in ' +
      'the first line of the archive, which "zcat" shows.'
    );
  }
  if (key !== 'missing' || owners === null) return null;
  return (
    `The secrets of ${owners} stay encrypted, and the archive does not contain the key. Put ` +
    'the key in its place before you start a server: the file secret.key in the data directory, or BACKUP_SYNC_SECRET_KEY.'
  );
}
