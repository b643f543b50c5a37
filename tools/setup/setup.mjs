// Makes a fresh clone ready: installs what the lockfile says, builds, and leaves alone what is ready already.
// Runs on the machine's own Node before anything is installed, so: plain JavaScript, nothing but Node's own modules.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const bin = join(root, 'node_modules', '.bin');
const stampFile = join(root, 'node_modules', '.setup-stamp');

const interruptedCode = 130;

/** Ends the process with one sentence. */
function stop(sentence, code = 1) {
  process.stderr.write(`${sentence}\n`);
  process.exit(code);
}

/** The registry's Node that the lockfile names. */
export const node = join(root, 'node_modules', 'node', 'bin', 'node');

/** The environment in which everything runs: installed commands first, so that `node` is the one above. */
export const environment = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

/** Installs where the lockfile or a package.json has changed since the last time. */
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
    if (interrupted) stop('Interrupted before all packages were installed. The same command goes on.', interruptedCode);
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED|ERR_PNPM_META_FETCH_FAIL/.test(output)) {
      stop('The packages could not be fetched: the npm registry does not answer. Check the network, then try again.');
    }
    process.stderr.write(output);
    stop('Installing the packages failed: see the lines above.');
  }
  // pnpm's wrapper of Node is a shell that does not pass signals on.
  rmSync(join(bin, 'node'), { force: true });
  symlinkSync('../node/bin/node', join(bin, 'node'));
  writeFileSync(stampFile, stamp);
  progress.end('Packages installed');
}

/** `412 of 520`, from what pnpm said last; null if that is not how far it is. */
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
    if (interrupted) stop('Interrupted before all was built. The same command goes on.', interruptedCode);
    process.stderr.write(output);
    stop('The build failed: see the lines above.');
  }
  linkCommand();
  // Most often nothing has changed, which is no news.
  if (/FULL TURBO/.test(output)) progress.stop();
  else progress.end('Built');
}

/** Puts `backup-sync` next to the other commands in `node_modules/.bin`, for those who have that on their PATH. */
function linkCommand() {
  const link = join(bin, 'backup-sync');
  rmSync(link, { force: true });
  symlinkSync('../../apps/cli/dist/main.js', link);
  chmodSync(link, 0o755);
}

/** Time after which something that goes on is worth a line. Milliseconds. */
const worthALineMs = 1_000;
const lineEveryMs = 10_000;

/**
 * Shows that something goes on, how far it is and for how long: in one line that changes on a terminal, in a line now
 * and then elsewhere.
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
 * Runs a command, in the root unless a directory is given; signals of the terminal reach it by themselves, others are
 * passed on. With `onOutput`, its output goes there and is not shown.
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
    // Ctrl-C reaches the whole group: the child decides how to end, this process waits for it.
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
