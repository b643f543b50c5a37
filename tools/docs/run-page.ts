import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve, sep } from 'node:path';
import { builtCommand, repositoryRoot, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { keepElisions, matches } from './compare-output.ts';
import { formatConsole, type PageCommand, parseConsole } from './console-block.ts';
import type { CodeBlock, Page } from './markdown-page.ts';
import { openShell, type ShellSession } from './shell-session.ts';
import { freePort, standIns } from './stand-ins.ts';

/** A difference between what a command of a page did and what the page says. */
export type Discrepancy = { readonly line: number; readonly message: string };

export type PageRun = {
  readonly discrepancies: readonly Discrepancy[];
  /** The page with the outputs that its commands printed, where they differ from the shown ones. */
  readonly text: string;
  /** Number of commands that ran. */
  readonly commands: number;
};

/** Directory that pages name as the reader's working directory. Commands run in a temporary one instead. */
const shownDirectory = '/srv/tutorial';
/** System directories that pages name. Commands use copies below the temporary directory. */
const systemDirectories = ['/etc/backup-sync', '/var/lib/backup-sync', '/var/backups', '/usr/local/lib/backup-sync'];
/** Ports that pages name for the gateway, and for a receiver of hooks. They listen on free ones instead. */
const shownPort = '8787';
const shownReceiverPort = '8099';
/** Commands that replace systemd for the only service in the pages. */
const startService =
  '(export AWS_SHARED_CREDENTIALS_FILE=/etc/backup-sync/secrets/aws-credentials; ' +
  'exec backup-sync serve --config /etc/backup-sync/config.yaml)';
const stopService =
  'kill "$(head -1 /var/lib/backup-sync/backup-sync.pid)"; while [ -e /var/lib/backup-sync/backup-sync.pid ]; do sleep 0.1; done';
/** Commands that pages name, and what runs instead: the command is built already, and there is no systemd. */
const installed: ReadonlyMap<string, string> = new Map([
  ['/run/credentials/backup-sync.service/secret_', '/etc/backup-sync/secrets/'],
  ['systemctl enable --now backup-sync', startService],
  ['systemctl start backup-sync', startService],
  ['systemctl stop backup-sync', stopService],
  ['npm run --silent backup-sync -- ', 'backup-sync '],
  [
    'npm start -- ',
    "backup-sync demo --examples examples --data-dir .data/examples --called-as 'npm run --silent backup-sync --' ",
  ],
]);

/**
 * Runs the commands of a page in order, in one shell, and compares their output with the page. The directory has a copy
 * of the examples, and the command is on the PATH. Words after the language of a block set options:
 *
 * - `console`: commands and their output; `exits=3`: one of them exits with this code (default: 0);
 * - `console keeps-running="text"`: the last command keeps running; the rest of the page runs once the command has
 *   printed that text;
 * - `console needs=jq`: not run if the machine does not have this program;
 * - `console not-run="reason"`: not run;
 * - any language with `file=path`: the block is the content of that file.
 */
export async function runPage(page: Page): Promise<PageRun> {
  await using home = await temporaryDirectory();
  await using resources = new AsyncDisposableStack();
  const work = join(home.path, 'work');
  const scratch = join(home.path, 'scratch');
  await cp(join(repositoryRoot, 'examples'), join(work, 'examples'), { recursive: true });
  await mkdir(scratch);
  await putCommandOnPath(join(home.path, 'bin'));
  await linkPackages(join(work, 'node_modules'));
  const replaced = new Map([
    ...systemDirectories.map((path) => [path, join(work, path)] as const),
    [shownDirectory, work],
    [`127.0.0.1:${shownPort}`, `127.0.0.1:${await freePort()}`],
    [`127.0.0.1:${shownReceiverPort}`, `127.0.0.1:${await freePort()}`],
  ]);
  let reaching: Readonly<Record<string, string>> = {};
  for (const [address, start] of standIns) {
    if (!page.text.includes(address)) continue;
    const standIn = resources.use(await start());
    for (const [shown, real] of standIn.replaced ?? []) replaced.set(shown, real);
    replaced.set(address, standIn.endpoint);
    reaching = { ...reaching, ...standIn.environment };
  }
  const real = (text: string) => replaceAll(text, new Map([...installed, ...replaced]));
  const shown = (text: string) => replaceAll(text, new Map(Array.from(replaced, ([from, to]) => [to, from])));
  const environment = {
    // The page's commands come first, then the Node that runs this.
    PATH: `${join(home.path, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: join(home.path, 'home'),
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    // The cache of compiled code is shared by all pages.
    XDG_CACHE_HOME: join(repositoryRoot, 'node_modules', '.cache'),
    BACKUP_SYNC_LISTEN: real(`127.0.0.1:${shownPort}`),
    // Credentials come only from the page, even on a cloud machine.
    AWS_EC2_METADATA_DISABLED: 'true',
    ...reaching,
  };
  await mkdir(environment.HOME);
  const shell = resources.use(openShell(work, scratch, environment));

  const discrepancies: Discrepancy[] = [];
  const outputs: { readonly block: CodeBlock; readonly text: string }[] = [];
  let count = 0;
  for (const block of page.blocks) {
    const file = block.meta.get('file');
    if (file !== undefined) await writeInside(work, real(file), real(`${block.text}\n`));
    if (block.language !== 'console' || block.meta.has('not-run')) continue;
    const needed = block.meta.get('needs');
    if (needed !== undefined && !isInstalled(needed)) continue;
    const commands = parseConsole(block);
    const ran = await runBlock(shell, block, commands, { real, shown });
    count += commands.length;
    discrepancies.push(...ran.discrepancies);
    outputs.push({ block, text: formatConsole(ran.commands) });
  }
  return { discrepancies, text: withOutputs(page.text, outputs), commands: count };
}

type Translation = { real(text: string): string; shown(text: string): string };

async function runBlock(
  shell: ShellSession,
  { meta }: CodeBlock,
  commands: readonly PageCommand[],
  { real, shown }: Translation,
): Promise<{ discrepancies: Discrepancy[]; commands: { command: string; output: readonly string[] }[] }> {
  const discrepancies: Discrepancy[] = [];
  const ready = meta.get('keeps-running');
  const expectedCode = Number(meta.get('exits') ?? 0);
  const codes = new Set<number>();
  const ran: { command: string; output: readonly string[] }[] = [];
  for (const { command, output, line } of commands) {
    const isLast = line === commands.at(-1)?.line;
    const translated = (lines: readonly string[]) => lines.map((each) => shown(each).trimEnd());
    const { lines, exitCode } =
      ready !== undefined && isLast
        ? await shell.keepRunning(real(command), (printed) => translated(printed).join('\n').includes(ready))
        : await shell.run(real(command));
    codes.add(exitCode);
    const printed = translated(lines);
    if (exitCode !== 0 && exitCode !== expectedCode) {
      discrepancies.push({ line, message: `"${command}" exits ${exitCode}:\n${printed.join('\n')}` });
    }
    const isShown = matches(output, printed);
    if (!isShown) {
      const message = `"${command}" prints\n${printed.join('\n')}\nand the page shows\n${output.join('\n')}`;
      discrepancies.push({ line, message });
    }
    ran.push({ command, output: isShown ? output : keepElisions(output, printed) });
  }
  if (!codes.has(expectedCode)) {
    discrepancies.push({ line: commands[0]?.line ?? 0, message: `no command here exits ${expectedCode}` });
  }
  return { discrepancies, commands: ran };
}

function replaceAll(text: string, replaced: ReadonlyMap<string, string>): string {
  return [...replaced].reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, program)));
}

async function putCommandOnPath(directory: string): Promise<void> {
  await mkdir(directory);
  const file = join(directory, 'backup-sync');
  await writeFile(file, `#!/bin/sh\nexec ${builtCommand.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  await chmod(file, 0o755);
}

/** Packages that programs in pages import, and where they are installed. */
const packages: readonly (readonly [name: string, path: string])[] = [
  ['@backup-sync/contracts', 'packages/contracts'],
  ['@backup-sync/core', 'packages/core'],
  ['@backup-sync/trpc', 'packages/trpc'],
  ['@trpc/client', 'node_modules/@trpc/client'],
  ['standardwebhooks', 'packages/engine/node_modules/standardwebhooks'],
  ['@huaweicloud/huaweicloud-sdk-core', 'apps/gateway/node_modules/@huaweicloud/huaweicloud-sdk-core'],
];

/** Lets programs in the page import the packages that they would install. */
async function linkPackages(modules: string): Promise<void> {
  for (const [name, path] of packages) {
    const link = join(modules, name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(repositoryRoot, path), link);
  }
}

async function writeInside(directory: string, file: string, text: string): Promise<void> {
  const path = resolve(directory, file);
  const isBelow = (below: string, above: string) => `${below}${sep}`.startsWith(`${above}${sep}`);
  if (isBelow(dirname(path), directory)) await mkdir(dirname(path), { recursive: true });
  // Packages are linked into the directory: a file there would be one of the repository.
  const isInside =
    isBelow(dirname(path), directory) && isBelow(await realpath(dirname(path)), await realpath(directory));
  if (!isInside) throw new Error(`file=${file} leads out of the directory of the page`);
  await writeFile(path, text);
}

/** The text of a page after replacing the texts of some blocks. */
function withOutputs(text: string, outputs: readonly { readonly block: CodeBlock; readonly text: string }[]): string {
  const lines = text.split('\n');
  for (const { block, text: next } of outputs.toReversed()) {
    const indented = next.split('\n').map((line) => (line === '' ? '' : `${' '.repeat(block.indent)}${line}`));
    lines.splice(block.line - 1, block.text.split('\n').length, ...indented);
  }
  return lines.join('\n');
}
