import { createInterface } from 'node:readline/promises';
import { UsageError } from '../failure.ts';
import type { CommandContext } from './command-context.ts';

/** Throws {@link UsageError} where nobody can be asked. `file` is what is read, standard input being taken if it is "-". */
export function refuseUnlessAskable({ input, terminal }: CommandContext, file: string): void {
  if (file === '-' || terminal.json || !input.isTTY || !terminal.messages.isTTY) {
    throw new UsageError('--plan-first asks before it goes on, which needs a terminal: give --yes to go on unasked');
  }
}

/** Asks the operator; only a whole "yes" is one. */
export async function confirm({ input, terminal, signal }: CommandContext, question: string): Promise<boolean> {
  using lines = createInterface({ input, output: terminal.messages });
  return (await lines.question(`${question} Type yes to go on: `, { signal })).trim() === 'yes';
}
