import { hasEnded, type OperationLog } from '@backup-sync/contracts';
import type { CallOptions, Operations } from './operations.ts';
import { pause } from './pause.ts';

/** Milliseconds between two rounds of questions: at first, and at last. */
const firstPauseMs = 50;
const lastPauseMs = 2_000;
/** Questions under way at once. */
const concurrency = 8;

/** Polls until every operation has ended, and yields each as it does. Throws `aborted` by the signal. */
export async function* waitForOperations(
  operations: Pick<Operations, 'showOperationLog'>,
  operationLogIds: readonly string[],
  options: CallOptions = {},
): AsyncGenerator<OperationLog> {
  let pending = [...new Set(operationLogIds)];
  let pauseMs = firstPauseMs;
  while (pending.length > 0) {
    const still: string[] = [];
    for (let start = 0; start < pending.length; start += concurrency) {
      const ids = pending.slice(start, start + concurrency);
      const logs = await Promise.all(
        ids.map(async (id) => (await operations.showOperationLog({ operation_log_id: id }, options)).operation_log),
      );
      for (const log of logs) {
        if (hasEnded(log.status)) yield log;
        else still.push(log.id);
      }
    }
    pauseMs = still.length < pending.length ? firstPauseMs : Math.min(pauseMs * 1.5, lastPauseMs);
    pending = still;
    if (pending.length > 0) await pause(pauseMs, options.signal);
  }
}
