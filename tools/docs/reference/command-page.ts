import { createProgram } from '../../../apps/cli/src/program.ts';
import { codeBlock, generatedPage, table } from './markdown.ts';

type Command = ReturnType<typeof createProgram>;

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
  const program = createProgram(
    '',
    () => {
      throw new Error('no command is run here');
    },
    () => {},
  );
  const commands = allBelow(program);
  const rows = commands.map((command) => [`[\`${pathOf(command)}\`](#${anchorOf(command)})`, summaryOf(command)]);
  return generatedPage('Command line', [
    'This is what `--help` prints for each command. Exit codes are in [Exit codes](exit-codes.md), variables in [Environment variables](variables.md).',
    table(['command', 'what it does'], rows),
    '## Global options',
    'Every command takes these, before the command or after it. If an option is given twice, the last one counts.',
    codeBlock('text', helpOf(program)),
    '## Rules for all commands',
    rules,
    ...commands.flatMap((command) => [`## ${pathOf(command)}`, codeBlock('text', helpOf(command))]),
  ]);
}

/** The commands in the order of the help, without groups. */
function allBelow(command: Command): Command[] {
  return command.commands.flatMap((child) =>
    child.commands.length > 0 ? allBelow(child as Command) : [child as Command],
  );
}

function pathOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

function anchorOf(command: Command): string {
  return pathOf(command).replaceAll(' ', '-');
}

function summaryOf(command: Command): string {
  return command.summary() || command.description();
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => helpWidth,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.replaceAll(/ +$/gm, '');
}
