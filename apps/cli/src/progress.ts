import { createLogUpdate } from 'log-update';
import { note, type Styled, type Terminal } from './terminal.ts';

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
