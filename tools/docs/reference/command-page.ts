import { commandHelps } from './command-helps.ts';
import { codeBlock, generatedPage, table } from './markdown.ts';

/** Width of the help text on the page, in columns. */
const helpWidth = 96;

/** Rules for every command that no `--help` contains. */
const rules = `
- A backup is named by its id, its name, or the beginning of its id (at least 4 characters), in this order. Operations
  and sources can be named by the beginning of their id too, resources by their id or name. If a name fits several, the
  command lists them and exits 1.
- \`--resource <resource> --latest\` names the newest available backup of a resource, by the same time as \`check\`.
- Commands that remove something take the full id of a backup, the full name or id of a source, and the full name of
  a user. At a terminal they ask first, unless \`--yes\` is given. A script is not asked.
- Results go to standard output, messages and errors to standard error. At a terminal, a table fits the width: names
  wrap, and the id is left out first. In a pipe, each row is one line.
- A duration is a number with \`s\`, \`m\`, \`h\` or \`d\`, such as \`90s\`, \`90m\`, \`26h\` or \`7d\`.
- Paths are relative to the directory that you are in, also with \`npm run backup-sync --prefix <directory>\`.
- Without a server, one process at a time can write to a data directory. Commands that only read do not wait for it.
- Ctrl-C ends a command, and a second Ctrl-C ends it at once: see
  [what continues](../concepts/operations.md#cancelling).
`.trim();

/** Every command with its `--help`. */
export function commandPage(): string {
  const { program, commands } = commandHelps(helpWidth);
  const rows = commands.map(({ path, summary }) => [`[\`${path}\`](#${path.replaceAll(' ', '-')})`, summary]);
  return generatedPage('Command line', [
    'This is what `--help` prints for each command. Exit codes are in [Exit codes](exit-codes.md), variables in [Environment variables](variables.md).',
    table(['command', 'what it does'], rows),
    '## Global options',
    'Every command takes these, before the command or after it. If an option is given twice, the last one counts.',
    codeBlock('text', program),
    '## Rules for all commands',
    rules,
    ...commands.flatMap(({ path, help }) => [`## ${path}`, codeBlock('text', help)]),
  ]);
}
