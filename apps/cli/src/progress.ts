import { createLogUpdate } from 'log-update';
import { printable } from './printable.ts';
import { note, type Styled, type Terminal } from './terminal.ts';

export type LiveLine = {
  /** Takes the place of what was shown before. */
  show(line: string): void;
  /** A line that stays, above the one that changes. */
  say(...line: readonly (string | Styled)[]): void;
  /** Takes the line away while something else is written to the terminal, and puts it back. */
  aside(write: () => Promise<void>): Promise<void>;
  /** Takes the line away. */
  stop(): void;
};

/** One line that changes on a terminal; elsewhere only what is said is written. */
export function liveLine(terminal: Terminal): LiveLine {
  if (!terminal.messages.isTTY || terminal.json) {
    return { show() {}, say: (...line) => note(terminal, ...line), aside: (write) => write(), stop() {} };
  }
  const update = createLogUpdate(terminal.messages);
  let shown = '';
  let isAway = false;
  return {
    show(line) {
      shown = printable(line);
      if (!isAway) update(shown);
    },
    say(...line) {
      update.clear();
      note(terminal, ...line);
      update(shown);
    },
    async aside(write) {
      isAway = true;
      update.clear();
      await write();
      isAway = false;
      update(shown);
    },
    stop() {
      update.clear();
      update.done();
    },
  };
}
