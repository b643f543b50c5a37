import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Secret } from '../environment.ts';
import { UsageError } from '../failure.ts';
import { fitted } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Reads a password or secret key from its variable, from a question at a terminal, or from standard input. Never from
 * an argument, which every user of the machine could read.
 */
export async function readSecret(
  context: CommandContext,
  source: { readonly variable: string; readonly given: Secret | undefined; readonly question: string },
): Promise<string> {
  if (source.given !== undefined) return source.given.reveal();
  const { input } = context;
  const entered = input.isTTY ? await ask(context, source.question) : (await text(input)).replace(/\r?\n$/, '');
  if (entered === '') throw new UsageError(`nothing was entered or piped in: enter it, or set ${source.variable}`);
  return entered;
}

/** Asks at the terminal, without showing what is typed. */
async function ask({ input, terminal, signal }: CommandContext, question: string): Promise<string> {
  terminal.messages.write(fitted(terminal.messages, [question]));
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  using lines = createInterface({ input, output: unseen, terminal: true });
  try {
    return await lines.question('', { signal });
  } finally {
    // The cursor is still after the question, even after Ctrl-C.
    terminal.messages.write('\n');
  }
}
