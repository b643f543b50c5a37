import type { PlanSyncAnswer } from '@backup-sync/contracts';
import type { CbrBackup, CbrOperationLog, Client } from '@backup-sync/core';
import { printResults } from '../results.ts';
import type { SyncTally } from '../sync-tally.ts';
import { jsonText, print, putOut, type Terminal } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** Maximum number of items in a table; with more, only the summary is printed. */
const tableRowsMax = 200;
const recordsAtOnce = 8;

/** Where the operation logs of a sync go as they end. */
export type SyncResults = {
  add(log: CbrOperationLog): Promise<void>;
  /** Prints what has ended, even if the sync itself has failed. */
  finish(): Promise<void>;
};

/** One JSON document, written as operations end. */
export function jsonResults(terminal: Terminal, plan: PlanSyncAnswer | null): SyncResults {
  let separator = plan === null ? '{"operation_logs":[\n' : `{"plan":${jsonText(plan)},\n"operation_logs":[\n`;
  return {
    async add(log) {
      await putOut(terminal, separator + jsonText(log));
      separator = ',\n';
    },
    finish: () => putOut(terminal, separator === ',\n' ? '\n]}\n' : `${separator}]}\n`),
  };
}

/** One operation log per line. */
export function ndjsonResults(terminal: Terminal): SyncResults {
  return {
    add: (log) => putOut(terminal, `${jsonText(log)}\n`),
    finish: async () => {},
  };
}

/**
 * A table in the order of the input, up to {@link tableRowsMax} items, and always the failures by reason. Once the
 * signal is aborted, the table leaves out the values that need further calls.
 */
export function tableResults(
  { terminal, signal }: Pick<CommandContext, 'terminal' | 'signal'>,
  client: Client,
  tally: SyncTally,
  placeOf: (operationLogId: string) => number,
): SyncResults {
  let kept: CbrOperationLog[] = [];
  return {
    async add(log) {
      if (tally.ended <= tableRowsMax) kept.push(log);
      else kept = [];
    },
    async finish() {
      const logs = kept.toSorted((a, b) => placeOf(a.id) - placeOf(b.id));
      if (logs.length > 0) {
        printResults(terminal, logs, signal.aborted ? new Map() : await recordsOf(client, logs));
      }
      const findings = [tally.failures(), tally.contradictions()].filter((text) => text !== '').join('\n');
      if (findings !== '') print(terminal, `${logs.length > 0 ? '\n' : ''}${findings}`);
    },
  };
}

/** The records of the backups of these logs, by id; backups that are not recorded are left out. */
export async function recordsOf(
  { calls }: Client,
  logs: readonly CbrOperationLog[],
): Promise<ReadonlyMap<string, CbrBackup>> {
  const records = new Map<string, CbrBackup>();
  const ids = [...new Set(logs.flatMap((log) => log.extra_info?.backup?.backup_id ?? []))];
  for (let start = 0; start < ids.length; start += recordsAtOnce) {
    await Promise.all(
      ids.slice(start, start + recordsAtOnce).map(async (id) => {
        try {
          records.set(id, (await calls.showBackup({ backup_id: id })).backup);
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }),
    );
  }
  return records;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'backup_not_found';
}
