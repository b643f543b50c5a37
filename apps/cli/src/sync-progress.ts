import type { WaitingFor } from '@backup-sync/contracts';
import type { CbrOperationLog } from '@backup-sync/core';
import { type LiveLine, liveLine } from './progress.ts';
import { failureLine, progressLine, type SyncTally } from './sync-tally.ts';
import { note, type Terminal } from './terminal.ts';
import { describeWait, isNews } from './waiting.ts';

const drawnEveryMs = 100;
/** Where no line can change: so many operations to a line that says how far it is. */
const endedPerLine = 1000;

export type SyncProgress = {
  ended(log: CbrOperationLog): void;
  /** What unfinished operations wait for; null if for nothing. */
  waits(waitingFor: WaitingFor | null): void;
  stop(): void;
};

/**
 * Shows how a sync goes: a line that changes, on a terminal, and plain lines elsewhere; failures as they come, on both.
 * `total` is null where the input is still being read.
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
      note(terminal, `${tally.summary()} in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
    },
  };
}

/** Shows an import that has ended: a failure as it comes, and where no line can change, from time to time how far it is. */
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
