import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** Runs a command and shows what it prints. Returns whether it succeeded. */
export async function runShown(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  return code === 0;
}

/**
 * Command lines of the checks that run no test. The compiler uses one thread, because each of several would check again
 * what they share, while the tests need the other cores.
 */
const checksWithoutTests = [
  'biome ci --error-on-warnings .',
  'turbo boundaries',
  'tsc -p tests --singleThreaded',
  'tsc -p apps/console --singleThreaded',
  'knip',
] as const;

/**
 * Runs the checks that run no test, one after another. Shows the output of those that fail, and returns their names.
 */
async function runChecksWithoutTests(): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const line of checksWithoutTests) {
    const [command = '', ...args] = line.split(' ');
    const startedAtMs = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, messages] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    process.stdout.write(`${child.exitCode === 0 ? 'passed' : 'FAILED'}: ${line} (${seconds} s)\n`);
    if (child.exitCode === 0) continue;
    failed.push(line);
    process.stdout.write(`${output}${messages}`);
  }
  return failed;
}

/**
 * Builds everything, because tests of the command run the built one. Then runs the tests and, at the same time, every
 * other check. Sets the exit code of this process, and prints at the end what has failed.
 */
export async function runAllChecks(runTests: () => Promise<boolean>): Promise<void> {
  if (!(await runShown('turbo', ['run', 'build', '--output-logs=errors-only']))) {
    process.exitCode = 1;
    return;
  }
  const [testsPassed, failed] = await Promise.all([runTests(), runChecksWithoutTests()]);
  const all = [...failed, ...(testsPassed ? [] : ['the tests'])];
  if (all.length === 0) return;
  process.stdout.write(`FAILED: ${all.join(', ')}\n`);
  process.exitCode = 1;
}
