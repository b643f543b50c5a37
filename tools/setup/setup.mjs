// Sets up a fresh clone: installs what the lockfile says, and builds. Skips what is done already.
// It runs on the machine's Node before anything is installed, so it is plain JavaScript and uses only Node's modules.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const bin = join(root, 'node_modules', '.bin');
const stampFile = join(root, 'node_modules', '.setup-stamp');

const interruptedCode = 130;

/** Prints one sentence and ends the process. */
function stop(sentence, code = 1) {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}

/** Path of the Node that the lockfile names. */
export const node = join(root, 'node_modules', 'node', 'bin', 'node');

/** The environment in which everything runs: installed commands first, so that `node` is the one above. */
export const environment = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

/** Installs the packages if the lockfile or a package.json has changed since the last time. */
export async function install() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const stamp = installStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  const progress = showProgress('Installing packages');
  const install = ['--yes', packageManager, 'install', '--frozen-lockfile', '--reporter=append-only'];
  const onOutput = (text) => progress.tell(installed(text));
  const { code, output, interrupted } = await run('npx', install, { onOutput });
  if (code !== 0) {
    progress.stop();
    if (interrupted)
      stop('Interrupted before all packages were installed. Run the same command to continue.', interruptedCode);
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_PNPM_META_FETCH_FAIL/.test(output)) {
      stop('The npm registry does not answer, so packages could not be downloaded. Check the network, then try again.');
    }
    process.stderr.write(output);
    stop('Installing the packages failed. See the lines above.');
  }
  // pnpm's wrapper of Node is a shell script that does not forward signals.
  rmSync(join(bin, 'node'), { force: true });
  symlinkSync('../node/bin/node', join(bin, 'node'));
  writeFileSync(stampFile, stamp);
  progress.end('Packages installed');
}

/** `412 of 520`, from pnpm's last progress line; null if there is none. */
function installed(text) {
  const [, resolved, added] = [...text.matchAll(/Progress: resolved (\d+), .*added (\d+)/g)].at(-1) ?? [];
  return resolved === undefined ? null : `${added} of ${resolved}`;
}

/** Builds what has changed since the last time. */
export async function build() {
  const progress = showProgress('Building');
  const args = ['run', 'build', '--output-logs=errors-only'];
  const { code, output, interrupted } = await run('turbo', args, { onOutput() {} });
  if (code !== 0) {
    progress.stop();
    if (interrupted)
      stop('Interrupted before everything was built. Run the same command to continue.', interruptedCode);
    process.stderr.write(output);
    stop('The build failed. See the lines above.');
  }
  linkCommand();
  // Usually nothing has changed, which is not worth a line.
  if (/FULL TURBO/.test(output)) progress.stop();
  else progress.end('Built');
}

/** Adds `backup-sync` to `node_modules/.bin`, for people who have that on their PATH. */
function linkCommand() {
  const link = join(bin, 'backup-sync');
  rmSync(link, { force: true });
  symlinkSync('../../apps/cli/dist/main.js', link);
  chmodSync(link, 0o755);
}

/** Time after which a step that still runs is worth a line. Milliseconds. */
const worthALineMs = 1_000;
const lineEveryMs = 10_000;

/**
 * Shows that a step runs, how far it is, and for how long: on a terminal in one line that changes, elsewhere in a line
 * from time to time.
 */
function showProgress(what) {
  const startedAtMs = performance.now();
  const { isTTY } = process.stderr;
  let detail = null;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const seconds = () => Math.round((performance.now() - startedAtMs) / 1000);
  const timer = setInterval(() => {
    const line = `${what}${detail === null ? '' : `: ${detail}`}… ${seconds()} s`;
    if (isTTY) process.stderr.write(`\r${line}\x1b[K`);
    else if (performance.now() - toldAtMs >= lineEveryMs) {
      process.stderr.write(`${line}\n`);
      toldAtMs = performance.now();
    }
  }, worthALineMs);
  const stop = () => {
    clearInterval(timer);
    if (isTTY) process.stderr.write('\r\x1b[K');
  };
  return {
    tell(next) {
      detail = next ?? detail;
    },
    stop,
    end(sentence) {
      stop();
      process.stderr.write(`${sentence} in ${seconds()} s.\n`);
    },
  };
}

/**
 * Runs a command, in the root unless a directory is given. Signals of the terminal reach it directly, SIGTERM is
 * forwarded. With `onOutput`, its output goes there and is not shown.
 */
export function run(command, args, { onOutput, directory = root } = {}) {
  return new Promise((resolve) => {
    const stdio = onOutput === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd: directory, env: environment, stdio });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
        onOutput(String(chunk));
      });
    }
    const forward = () => child.kill('SIGTERM');
    // Ctrl-C reaches the whole process group. The child decides how to end, and this process waits for it.
    let interrupted = false;
    const wait = () => {
      interrupted = true;
    };
    process.on('SIGTERM', forward).on('SIGINT', wait);
    child.on('error', (error) => resolve({ code: 1, output: `${output}${error.message}\n`, interrupted }));
    child.on('close', (code, signal) => {
      process.off('SIGTERM', forward).off('SIGINT', wait);
      resolve({ code: code ?? (signal === 'SIGINT' ? interruptedCode : 1), output, interrupted });
    });
  });
}

function installStamp() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...packageFiles()]) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function packageFiles() {
  return ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .map((name) => join(folder, name, 'package.json'))
      .filter((file) => existsSync(join(root, file))),
  );
}
