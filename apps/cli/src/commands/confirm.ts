import { createInterface } from 'node:readline/promises';
import { InterruptedError, UsageError } from '../failure.ts';
import { fitted, note } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** Throws {@link UsageError} where nobody can be asked. `file` is what is read, standard input being taken if it is "-". */
export function refuseUnlessAskable(context: CommandContext, file: string): void {
  if (file === '-' || !isAskable(context)) {
    throw new UsageError('--plan-first asks before it goes on, which needs a terminal: give --yes to go on unasked');
  }
}

/** Asks the operator; only a whole "yes" is one. Throws {@link InterruptedError} on Ctrl-C and Ctrl-D. */
export async function confirm({ input, terminal, signal }: CommandContext, question: string): Promise<boolean> {
  using lines = createInterface({ input, output: terminal.messages });
  const prompt = fitted(terminal.messages, [`${question} Type yes to go on: `]);
  try {
    return (await lines.question(prompt, { signal })).trim() === 'yes';
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    // The cursor is still behind the question.
    terminal.messages.write('\n');
    throw new InterruptedError('Nothing was changed.', 'The same command asks again.', { cause: error });
  }
}

/**
 * Whether to go on with what is hard to take back: asks if somebody sits at a terminal, unless `yes` says not to. Scripts
 * are not asked.
 */
export async function agrees(
  context: CommandContext,
  yes: boolean,
  question: string | (() => Promise<string>),
): Promise<boolean> {
  if (yes || !isAskable(context)) return true;
  if (await confirm(context, typeof question === 'string' ? question : await question())) return true;
  note(context.terminal, 'nothing was changed');
  return false;
}

function isAskable({ input, terminal }: CommandContext): boolean {
  return !terminal.json && input.isTTY && terminal.messages.isTTY;
}
