import type { WaitingFor } from '@backup-sync/contracts';
import type { CbrOperationLog } from '@backup-sync/core';
import { type LiveLine, liveLine } from './progress.ts';
import { failureLine, progressLine, type SyncTally } from './sync-tally.ts';
import { note, type Terminal } from './terminal.ts';
import { describeWait, isNews } from './waiting.ts';

const drawnEveryMs = 100;
/** Without a terminal: number of operations between two progress lines. */
const endedPerLine = 1000;

export type SyncProgress = {
  ended(log: CbrOperationLog): void;
  /** Shows what unfinished operations wait for; null if nothing. */
  waits(waitingFor: WaitingFor | null): void;
  stop(): void;
};

/**
 * Shows the progress of a sync: one changing line on a terminal, plain lines elsewhere, and on both each failure as it
 * happens. `total` is null while the input is still being read.
 */
export function showSyncProgress(terminal: Terminal, tally: SyncTally, total: number | null): SyncProgress {
  const startedAtMs = performance.now();
  const live = liveLine(terminal);
  let waitingFor: WaitingFor | null = null;
  const line = () => {
    const progress = progressLine(tally, total, performance.now() - startedAtMs);
    return waitingFor === null ? progress : `${progress}; waiting: ${describeWait(waitingFor)}`;
  };
  live.show(line());
  const drawing = setInterval(() => live.show(line()), drawnEveryMs);
  return {
    ended: (log) => showEnded(terminal, live, tally, log, line),
    waits(next) {
      if (isNews(next, waitingFor) && !terminal.messages.isTTY) note(terminal, `waiting: ${describeWait(next)}`);
      waitingFor = next;
    },
    stop() {
      clearInterval(drawing);
      live.stop();
      note(terminal, tally.summary((performance.now() - startedAtMs) / 1000));
    },
  };
}

/** Shows an import that has ended: each failure and, without a terminal, the progress from time to time. */
export function showEnded(
  terminal: Terminal,
  live: LiveLine,
  tally: SyncTally,
  log: CbrOperationLog,
  line: () => string,
): void {
  if (log.status !== 'success') live.say({ style: 'red', text: 'failed:' }, ` ${failureLine(log)}`);
  if (!terminal.messages.isTTY && tally.ended % endedPerLine === 0) note(terminal, line());
}
