import {
  BackupSyncError,
  counted,
  type IndexRange,
  type ListProgress,
  type SyncBackupsAnswer,
} from '@backup-sync/contracts';
import type { CallOptions, ListCalls } from '../calls.ts';
import { retell } from '../retell.ts';
import type { Runtime } from '../runtime.ts';
import { type Batch, batches, refuseStrangers, type Several } from './batches.ts';
import { type ListedBackup, ofList } from './listed-items.ts';
import { sendInOrder } from './send-in-order.ts';

/** Pause while the backlog is full, if the service does not say how long to wait. */
const backlogPauseMs = 5_000;

/** One accepted item of a list, with the id of its operation log. */
export type Accepted = SyncBackupsAnswer['sync'][number] & {
  /** Index of the item in the list. */
  readonly index: number;
};

/** Options of a sync. */
export type SyncOptions = CallOptions & {
  /** Whether to import missing ancestors as well (default: no). Only a backup-sync can do this. */
  readonly withAncestors?: boolean;
};

/** Implements `Client.syncBackups`. */
export async function* syncBackups(
  calls: Pick<ListCalls, 'syncBackups' | 'importBackups'>,
  items: Several<ListedBackup>,
  runtime: Runtime,
  options: SyncOptions = {},
): AsyncGenerator<Accepted> {
  const accepted: IndexRange[] = [];
  const failed: IndexRange[] = [];
  let unsentFrom = 0;
  const note = (ranges: IndexRange[], { first, items }: Batch) => {
    const before = ranges.at(-1);
    const last = first + items.length - 1;
    if (before?.last === first - 1) ranges[ranges.length - 1] = { first: before.first, last };
    else ranges.push({ first, last });
    unsentFrom = last + 1;
  };
  const send = (batch: Batch, signal: AbortSignal) =>
    sendWhenThereIsRoom(calls, batch, runtime, { ...options, signal });
  try {
    for await (const sent of sendInOrder(batches(items), send, options.signal)) {
      note('value' in sent ? accepted : failed, sent.batch);
      if (!('value' in sent)) continue;
      for (const [position, { backup_id, operation_log_id }] of sent.value.entries()) {
        yield { index: sent.batch.first + position, backup_id, operation_log_id };
      }
    }
  } catch (error) {
    const progress = { accepted, failed, unsentFrom };
    if (options.signal?.aborted && error === options.signal.reason && unsentFrom > 0)
      throw abortedOnTheWay(error, progress);
    throw error instanceof BackupSyncError ? withProgress(error, progress) : error;
  }
}

/** Sends a batch, and sends it again for as long as the backlog of the project is full. */
async function sendWhenThereIsRoom(
  calls: Pick<ListCalls, 'syncBackups' | 'importBackups'>,
  batch: Batch,
  runtime: Runtime,
  options: SyncOptions,
): Promise<SyncBackupsAnswer['sync']> {
  while (true) {
    try {
      return await sendBatch(calls, batch, options);
    } catch (error) {
      if (!(error instanceof BackupSyncError) || error.code !== 'backlog_full') throw error;
      const waitMs = error.retryAfterMs ?? backlogPauseMs;
      // Random, so that batches that were refused together do not retry together.
      await runtime.sleep(waitMs * (1 + runtime.random() / 2), options.signal);
    }
  }
}

async function sendBatch(
  calls: Pick<ListCalls, 'syncBackups' | 'importBackups'>,
  batch: Batch,
  { withAncestors, signal }: SyncOptions,
): Promise<SyncBackupsAnswer['sync']> {
  const sync = [...batch.items];
  const answer = await (withAncestors
    ? calls.importBackups({ sync, with_ancestors: true }, { signal })
    : calls.syncBackups({ sync }, { signal })
  ).catch((error: unknown) => {
    throw ofList(error, batch);
  });
  refuseStrangers(batch.items, answer.sync);
  return answer.sync;
}

function withProgress(error: BackupSyncError, progress: ListProgress): BackupSyncError {
  const where = progress.failed.length === 0 ? '' : `items ${progress.failed.map(rangeText).join(', ')}: `;
  const howFar = progress.unsentFrom === 0 ? '' : ` (${acceptedText(progress)})`;
  return retell(error, { message: `${where}${error.message}${howFar}`, progress });
}

function abortedOnTheWay(reason: unknown, progress: ListProgress): BackupSyncError {
  return new BackupSyncError('aborted', `the sync was aborted (${acceptedText(progress)})`, {
    cause: reason,
    progress,
  });
}

function acceptedText({ accepted }: ListProgress): string {
  const count = accepted.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return `${counted(count, 'item was', 'items were')} accepted; sync the list again to finish the rest`;
}

function rangeText({ first, last }: IndexRange): string {
  return first === last ? String(first) : `${first} to ${last}`;
}
