import { createInterface } from 'node:readline/promises';
import { InterruptedError, UsageError } from '../failure.ts';
import { fitted, note } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Throws {@link UsageError} if nobody can be asked: there is no terminal, or standard input is the list (`file` is
 * "-").
 */
export function refuseUnlessAskable(context: CommandContext, file: string): void {
  if (file === '-' || !isAskable(context)) {
    throw new UsageError('--plan-first asks a question, which needs a terminal: add --yes to skip the question');
  }
}

/** Asks the operator; only the full word "yes" agrees. Throws {@link InterruptedError} on Ctrl-C and Ctrl-D. */
export async function confirm({ input, terminal, signal }: CommandContext, question: string): Promise<boolean> {
  using lines = createInterface({ input, output: terminal.messages });
  const prompt = fitted(terminal.messages, [`${question} Type yes to continue: `]);
  try {
    return (await lines.question(prompt, { signal })).trim() === 'yes';
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    // The cursor is still after the question.
    terminal.messages.write('\n');
    throw new InterruptedError('Nothing was changed.', 'Run the same command to be asked again.', { cause: error });
  }
}

/**
 * Whether to continue with a change that is hard to undo: asks at a terminal, unless `yes` is set. Does not ask in
 * scripts.
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
