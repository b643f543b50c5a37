import { createProgram } from '../../../apps/cli/src/program.ts';

type Command = ReturnType<typeof createProgram>;

/** What `--help` prints for a command. */
export type CommandHelp = {
  /** The words of the command, without `backup-sync`. */
  readonly path: string;
  readonly summary: string;
  readonly help: string;
};

/** The help of the program, and of every command in the order of the help, without groups. */
export function commandHelps(columns: number): { readonly program: string; readonly commands: readonly CommandHelp[] } {
  const program = createProgram(
    '',
    () => {
      throw new Error('no command is run here');
    },
    () => {},
  );
  const commands = allBelow(program).map((command) => ({
    path: pathOf(command),
    summary: command.summary() || command.description(),
    help: helpOf(command, columns),
  }));
  return { program: helpOf(program, columns), commands };
}

function allBelow(command: Command): Command[] {
  return command.commands.flatMap((child) =>
    child.commands.length > 0 ? allBelow(child as Command) : [child as Command],
  );
}

function pathOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

function helpOf(command: Command, columns: number): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => columns,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.replaceAll(/ +$/gm, '');
}
