import { counted, grouped, type WaitingFor } from '@backup-sync/contracts';
import type { CbrOperationLog, ScanNews } from '@backup-sync/core';
import { liveLine } from './progress.ts';
import { showEnded } from './sync-progress.ts';
import { progressLine, type SyncTally } from './sync-tally.ts';
import { note, type Terminal } from './terminal.ts';
import { describeWait, isNews } from './waiting.ts';

const drawnEveryMs = 100;
/** Without a terminal: number of objects between two progress lines. */
const objectsPerLine = 100_000;

export type ScanProgress = {
  shows(news: ScanNews): void;
  /** Removes the line while something else is written to the terminal. */
  aside(write: () => Promise<void>): Promise<void>;
  /** Shows an import of the scan that has ended. */
  ended(log: CbrOperationLog): void;
  stop(): void;
};

/**
 * Shows the progress of a scan, and of its imports like a sync: one changing line on a terminal, plain lines elsewhere.
 * `imports` is null if the scan imports nothing.
 */
export function showScanProgress(terminal: Terminal, imports: SyncTally | null): ScanProgress {
  const startedAtMs = performance.now();
  const live = liveLine(terminal);
  let news: ScanNews | null = null;
  let waitingFor: WaitingFor | null = null;
  let listedLines = 0;
  const line = () => {
    const parts = news === null || news.complete ? [] : [listingLine(news)];
    if (imports !== null && (imports.accepted > 0 || parts.length === 0)) {
      parts.push(
        progressLine(imports, news?.complete === true ? imports.accepted : null, performance.now() - startedAtMs),
      );
    }
    if (waitingFor !== null) parts.push(`waiting: ${describeWait(waitingFor)}`);
    return parts.join('; ');
  };
  const drawing = setInterval(() => live.show(line()), drawnEveryMs);
  return {
    shows(next) {
      news = next;
      const { waiting_for: waits, progress } = next.operation;
      if (!terminal.messages.isTTY) {
        if (isNews(waits, waitingFor)) note(terminal, `waiting: ${describeWait(waits)}`);
        const lines = Math.floor((progress.objects_listed ?? 0) / objectsPerLine);
        if (lines > listedLines) note(terminal, line());
        listedLines = lines;
      }
      waitingFor = waits;
    },
    aside: live.aside,
    ended(log) {
      if (imports !== null) showEnded(terminal, live, imports, log, line);
    },
    stop() {
      clearInterval(drawing);
      live.stop();
    },
  };
}

function listingLine({ operation: { progress } }: ScanNews): string {
  const count = (name: string) => progress[name] ?? 0;
  return `scanning: ${counted(count('objects_listed'), 'object')}, ${counted(count('backups_found'), 'backup')} found, ${grouped(count('described'))} read`;
}
