import { counted, grouped } from '@backup-sync/contracts';
import type { ScanNews } from '@backup-sync/core';
import { createLogUpdate } from 'log-update';
import { note, type Styled, type Terminal } from './terminal.ts';
import { describeWait } from './waiting.ts';

export type LiveLine = {
  /** Takes the place of what was shown before. */
  show(line: string): void;
  /** A line that stays, above the one that changes. */
  say(...line: readonly (string | Styled)[]): void;
  /** Takes the line away. */
  stop(): void;
};

/** One line that changes on a terminal; elsewhere only what is said is written. */
export function liveLine(terminal: Terminal): LiveLine {
  if (!terminal.messages.isTTY || terminal.json) {
    return { show() {}, say: (...line) => note(terminal, ...line), stop() {} };
  }
  const update = createLogUpdate(terminal.messages);
  let shown = '';
  return {
    show(line) {
      shown = line;
      update(line);
    },
    say(...line) {
      update.clear();
      note(terminal, ...line);
      update(shown);
    },
    stop() {
      update.clear();
      update.done();
    },
  };
}

export type ScanProgress = {
  shows(news: ScanNews): void;
  stop(): void;
};

/** Shows how a scan goes: one line that changes, on a terminal. */
export function showScanProgress(terminal: Terminal): ScanProgress {
  const live = liveLine(terminal);
  return {
    shows({ operation: { progress, phase, waiting_for } }) {
      const count = (name: string) => progress[name] ?? 0;
      if (waiting_for !== null) return live.show(describeWait(waiting_for));
      live.show(
        phase === 'importing'
          ? `importing ${counted(count('imports_accepted'), 'backup')}`
          : `scanning: ${counted(count('objects_listed'), 'object')}, ${counted(count('backups_found'), 'backup')} found, ${grouped(count('described'))} read`,
      );
    },
    stop: () => live.stop(),
  };
}
