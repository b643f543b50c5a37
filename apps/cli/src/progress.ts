import type { CbrOperationLog, ScanNews } from '@backup-sync/core';
import { createLogUpdate } from 'log-update';
import { printable } from './table.ts';
import { note, styled, type Terminal } from './terminal.ts';

export type Progress = {
  /** An operation has reached its end. */
  ended(log: CbrOperationLog): void;
  /** No more will come: what was drawn goes. */
  stop(): void;
};

/** One line that changes on a terminal; nothing elsewhere. */
export function liveLine(terminal: Terminal): { show(line: string): void; stop(): void } {
  const update = terminal.messages.isTTY && !terminal.json ? createLogUpdate(terminal.messages) : null;
  return {
    show: (line) => update?.(line),
    stop() {
      update?.clear();
      update?.done();
    },
  };
}

/** Shows how an import goes: one line that changes on a terminal, a line for each failure and the total elsewhere. */
export function showProgress(terminal: Terminal, total: number): Progress {
  const live = terminal.messages.isTTY && !terminal.json ? createLogUpdate(terminal.messages) : null;
  let done = 0;
  let failed = 0;
  const line = () => {
    const failures = failed === 0 ? '' : `, ${styled(terminal, 'red', `${failed} failed`)}`;
    return `importing: ${done} of ${total} ended${failures}`;
  };
  live?.(line());
  return {
    ended(log) {
      done += 1;
      if (log.status !== 'success') failed += 1;
      if (live !== null) live(line());
      else note(terminal, `${done} of ${total}: ${printable(nameOf(log))} ${log.status}`);
    },
    stop() {
      live?.clear();
      live?.done();
    },
  };
}

function nameOf(log: CbrOperationLog): string {
  return log.extra_info?.backup?.backup_name ?? log.extra_info?.delete?.backup_name ?? log.id;
}

export type ScanProgress = {
  shows(news: ScanNews): void;
  /** The scan has ended, and its imports are waited for. */
  importing(count: number): void;
  stop(): void;
};

/** Shows how a scan goes: one line that changes, on a terminal. */
export function showScanProgress(terminal: Terminal): ScanProgress {
  const live = terminal.messages.isTTY && !terminal.json ? createLogUpdate(terminal.messages) : null;
  return {
    shows({ operation: { progress } }) {
      const count = (name: string) => progress[name] ?? 0;
      live?.(
        `scanning: ${count('objects_listed')} objects, ${count('backups_found')} backups found, ${count('described')} read`,
      );
    },
    importing(count) {
      live?.(`bringing in ${count}`);
    },
    stop() {
      live?.clear();
      live?.done();
    },
  };
}
