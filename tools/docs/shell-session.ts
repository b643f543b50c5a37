import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The output of a command: standard output and standard error in the order of writing. */
export type Ran = { readonly lines: readonly string[]; readonly exitCode: number };

/** A shell that runs the commands of a page one after another, as in a terminal. */
export type ShellSession = AsyncDisposable & {
  run(command: string): Promise<Ran>;
  /**
   * Starts a command that runs until it is stopped, and returns once `isReady` accepts its output so far. Throws an
   * Error if the command ends before, or is not ready within {@link readyWithinMs}. Disposing the session stops it.
   */
  keepRunning(command: string, isReady: (lines: readonly string[]) => boolean): Promise<Ran>;
};

/** Time limit for a server to be ready, in milliseconds. */
const readyWithinMs = 30_000;
const lookEveryMs = 50;
/** Time limit for a command to end, unless it keeps running, in milliseconds. */
const endWithinMsDefault = 45_000;
/** Time limit for running commands to stop, in milliseconds. */
const goneWithinMs = 10_000;

/**
 * Commands start in `workDirectory`; the session keeps its own files in `scratch`. Everything that still runs is stopped
 * with the shell, also if this process is killed.
 */
export function openShell(
  workDirectory: string,
  scratch: string,
  environment: Readonly<Record<string, string>>,
  { endWithinMs = endWithinMsDefault }: { readonly endWithinMs?: number } = {},
): ShellSession {
  const shell = spawn('bash', ['--noprofile', '--norc'], {
    cwd: workDirectory,
    env: { ...environment },
    detached: true,
  });
  const closed = once(shell, 'close');
  shell.stderr.resume();
  // A shell that has ended takes no more input; its missing answer says so.
  shell.stdin.on('error', () => {});
  const answers = linesOf(shell);
  const ask = async (script: string, command: string) => {
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      endGroup(shell.pid);
    }, endWithinMs);
    shell.stdin.write(`${script}\n`);
    const { value, done } = await answers.next();
    clearTimeout(limit);
    if (!done) return value;
    throw new Error(`"${command}" ${isLate ? `did not end within ${endWithinMs / 1000} s` : 'ended the shell'}`);
  };
  let count = 0;
  let lastExitCode = 0;
  const nextFiles = () => {
    count += 1;
    return { commandFile: join(scratch, `${count}.sh`), outputFile: join(scratch, `${count}.out`) };
  };
  shell.stdin.write('exit_code() { return "$1"; }\n');
  // Ends the whole group: jobs of the shell are shells themselves, which leave their commands running.
  shell.stdin.write('trap "trap \'\' TERM; kill -- -$$; wait" EXIT\n');
  return {
    async run(command) {
      const { commandFile, outputFile } = nextFiles();
      await writeFile(commandFile, `${command}\n`);
      // "echo $?" must print the exit code of the previous command.
      const said = await ask(
        `exit_code ${lastExitCode}; source ${commandFile} >${outputFile} 2>&1 </dev/null; echo $?`,
        command,
      );
      lastExitCode = Number(said);
      return { lines: await linesIn(outputFile), exitCode: lastExitCode };
    },
    async keepRunning(command, isReady) {
      const { commandFile, outputFile } = nextFiles();
      await writeFile(commandFile, `${command}\n`);
      const pid = Number(await ask(`source ${commandFile} >${outputFile} 2>&1 </dev/null & echo $!`, command));
      const deadline = performance.now() + readyWithinMs;
      for (;;) {
        const lines = await linesIn(outputFile);
        if (isReady(lines)) return { lines, exitCode: 0 };
        const lives = (await ask(`kill -0 ${pid} 2>/dev/null; echo $?`, command)) === '0';
        if (!lives) throw new Error(`"${command}" ended:\n${lines.join('\n')}`);
        if (performance.now() > deadline) throw new Error(`"${command}" is not ready:\n${lines.join('\n')}`);
        await delay(lookEveryMs);
      }
    },
    async [Symbol.asyncDispose]() {
      shell.stdin.end();
      await closed;
      // Commands that keep running still write to the directory, which is removed next.
      const deadline = performance.now() + goneWithinMs;
      while (isGroupThere(shell.pid) && performance.now() < deadline) await delay(lookEveryMs);
    },
  };
}

function endGroup(group: number | undefined): void {
  if (group !== undefined) process.kill(-group, 'SIGKILL');
}

/** Whether any process of a group is left. */
function isGroupThere(group: number | undefined): boolean {
  try {
    return group !== undefined && process.kill(-group, 0);
  } catch {
    return false;
  }
}

async function linesIn(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

async function* linesOf(shell: ChildProcessWithoutNullStreams): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of shell.stdout) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
