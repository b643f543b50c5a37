import { grouped, type WaitingFor } from '@backup-sync/contracts';
import type { CbrOperationLog } from '@backup-sync/core';
import { liveLine } from './progress.ts';
import { failureLine, progressLine, type SyncTally } from './sync-tally.ts';
import { note, type Terminal } from './terminal.ts';
import { describeWait } from './waiting.ts';

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
    ended(log) {
      if (log.status !== 'success') live.say({ style: 'red', text: 'failed:' }, ` ${failureLine(log)}`);
      if (!terminal.messages.isTTY && tally.ended % endedPerLine === 0) note(terminal, line());
    },
    waits(next) {
      const isNews = next !== null && (next.since !== waitingFor?.since || next.reason.code !== waitingFor.reason.code);
      waitingFor = next;
      if (isNews && !terminal.messages.isTTY) note(terminal, `waiting: ${describeWait(next)}`);
    },
    stop() {
      clearInterval(drawing);
      live.stop();
      note(terminal, `${tally.summary()} in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
    },
  };
}

/** What is told of a sync that was stopped: nothing is lost, and how it goes on. */
export function interruptedNote({ accepted, ended }: SyncTally): string {
  return (
    `interrupted: ${grouped(accepted)} accepted, ${grouped(ended)} ended. Nothing is lost: what was accepted goes on, and ` +
    'the same command again finishes the rest. What is unchanged costs its part of a listing.'
  );
}
