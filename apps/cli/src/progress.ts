import { createLogUpdate } from 'log-update';
import { printable } from './printable.ts';
import { note, type Styled, type Terminal } from './terminal.ts';

export type LiveLine = {
  /** Replaces the line. */
  show(line: string): void;
  /** Prints a permanent line above the changing one. */
  say(...line: readonly (string | Styled)[]): void;
  /** Removes the line while something else is written to the terminal, and restores it. */
  aside(write: () => Promise<void>): Promise<void>;
  /** Removes the line. */
  stop(): void;
};

/** Creates a line that changes, on a terminal. Elsewhere, only permanent lines are written. */
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
