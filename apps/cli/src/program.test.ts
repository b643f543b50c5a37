import { describe, expect, test } from 'vitest';
import { type ContextMaker, createProgram } from './program.ts';

type Given = Parameters<ContextMaker>[0];

/** The shared options that a command receives. */
async function given(...args: string[]): Promise<Given> {
  let seen: Given | undefined;
  const reached = new Error('the command was reached');
  const program = createProgram(
    '0.0.0',
    (options) => {
      seen = options;
      throw reached;
    },
    () => {},
  );
  for (const command of all(program)) command.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    if (error !== reached) throw error;
  });
  return seen ?? expect.fail('the command was not reached');
}

type Program = ReturnType<typeof createProgram>;

function all(command: Program): Program[] {
  return [command, ...command.commands.flatMap((child) => all(child as Program))];
}

function someProgram(): Program {
  return createProgram(
    '0.0.0',
    () => expect.fail('no command is called'),
    () => {},
  );
}

function helpOf(command: Program, width = 80): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => width }).outputHelp();
  return help;
}

function named(program: Program, ...names: string[]): Program {
  return names.reduce(
    (command, name) => command.commands.find((child) => child.name() === name) ?? expect.fail(`there is no ${name}`),
    program,
  );
}

describe('a global option', () => {
  test.each([
    [['--json', '--data-dir', 'a', 'backups', 'list']],
    [['--data-dir', 'a', 'backups', '--json', 'list']],
    [['backups', '--data-dir=a', 'list', '--json']],
    [['backups', 'list', '--json', '--data-dir', 'a']],
    [['--data-dir', 'b', 'backups', '--data-dir', 'c', 'list', '--json', '--data-dir', 'a']],
  ])('is accepted before and after the command, and the last one counts: %j', async (args) => {
    expect(await given(...args)).toMatchObject({ json: true, connect: { dataDir: 'a' } });
  });

  test('is parsed the same way on both sides', async () => {
    expect((await given('--timeout', '2m', 'doctor')).connect.timeout).toBe(120);
    await expect(given('--timeout', '2w', 'doctor')).rejects.toThrow('must be a duration');
  });

  test('reaches a command that has its own option of this name', async () => {
    expect(await given('--endpoint', 'https://b.example', '--json', 'login')).toMatchObject({ json: true });
  });

  test('is refused, not ignored, if the command does not take it', async () => {
    await expect(given('--endpoint', 'https://b.example', 'manifest', 'create', 'd')).rejects.toThrow(
      `"manifest create" does not take the option '--endpoint <url>'`,
    );
  });
});

describe('the help', () => {
  test('has the details of a command first, and the global options and exit codes last', () => {
    const help = helpOf(named(someProgram(), 'sync'));
    const order = [
      'Usage:',
      'Options:',
      '--dry-run',
      'Ctrl-C loses nothing',
      'Examples:',
      'Global options',
      'Exit codes:',
    ];
    const places = order.map((text) => help.indexOf(text));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(help.slice(help.indexOf('Global options')).trimEnd().split('\n').length).toBeLessThanOrEqual(7);
    expect(help).not.toContain('(default: false)');
  });

  test('describes the global options once, after the commands', () => {
    const help = helpOf(someProgram());
    expect(help.indexOf('Commands:')).toBeLessThan(help.indexOf('Global options:'));
    expect(help).toMatch(/Global options:\n {2}--profile <profile> {2,}server saved/);
  });

  test('fits 80 columns, except for examples to copy', () => {
    for (const command of all(someProgram())) {
      for (const line of helpOf(command).split('\n')) {
        if (!/^ {2}(backup-sync|source) /.test(line))
          expect(line.length, `${command.name()}: ${line}`).toBeLessThanOrEqual(80);
      }
    }
  });

  test('of every command has an example', () => {
    for (const command of all(someProgram())) {
      if (command.commands.length === 0)
        expect(helpOf(command), command.name()).toMatch(/Examples?:\n {2}backup-sync /);
    }
  });

  test('describes a command by a short verb phrase, and an option by a noun phrase', () => {
    const program = someProgram();
    for (const command of all(program).filter((each) => each !== program)) {
      // The help of `check` has more to say first: its exit codes.
      expect(command.summary() || command.description(), command.name()).toMatch(/^[a-z][^.]{1,58}$/);
      for (const { long, description } of command.options) {
        expect(description, `${command.name()} ${long}`).toMatch(/^(?!only |the |its )[a-zA-Z].*[^.]$/);
      }
    }
  });
});
