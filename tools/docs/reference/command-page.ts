import { createProgram } from '../../../apps/cli/src/program.ts';
import { codeBlock, generatedPage, table } from './markdown.ts';

type Command = ReturnType<typeof createProgram>;

/** Width at which the page shows help texts. Columns. */
const helpWidth = 96;

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
    ...commands.flatMap((command) => [`## ${pathOf(command)}`, codeBlock('text', helpOf(command))]),
  ]);
}

/** The commands that do something, in the order of the help; groups are left out. */
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
