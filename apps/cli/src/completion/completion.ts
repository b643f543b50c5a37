import { Argument, type Command } from 'commander';
import { examplesHelp } from '../help.ts';
import { printable } from '../printable.ts';
import type { Candidate } from './suggest.ts';

const help = `
In ~/.bashrc:
  source <(backup-sync completion bash)
In ~/.zshrc:
  source <(backup-sync completion zsh)
In fish:
  backup-sync completion fish > ~/.config/fish/completions/backup-sync.fish

Completes commands, options and their values, files, and names: profiles, sources, resources, backups and operations.
${examplesHelp(['completion bash'])}`;

/** Looks up the names that a placeholder of the help stands for, such as `source`. */
export type NameLookUp = (placeholder: string, options: Readonly<Record<string, string>>) => Promise<Candidate[]>;

/** Adds `completion <shell>`, and the hidden command that its scripts call as someone types. */
export function addCompletion(program: Command, write: (text: string) => void, lookUp: NameLookUp): void {
  program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', help)
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScripts } = await import('./scripts.ts');
      write(completionScripts[shell]);
    });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const { suggest } = await import('./suggest.ts');
      const { wanted, prefix, options } = suggest(program, words);
      if (wanted.kind === 'files' || wanted.kind === 'directories') return write(`${wanted.kind}\t${prefix}\n`);
      const candidates = wanted.kind === 'names' ? await lookUp(wanted.of, options) : wanted.candidates;
      const fitting = candidates
        .map(({ value, description }) => ({
          value: printable(`${prefix}${value}`),
          description: printable(description),
        }))
        .filter(({ value }) => value.startsWith(words.at(-1) ?? ''));
      write(`values\t${prefix}\n${fitting.map(({ value, description }) => `${value}\t${description}\n`).join('')}`);
    });
}
