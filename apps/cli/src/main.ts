#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { leaveEnvironmentOutOfReports } from './diagnostic-reports.ts';

// The only file that touches the process. Scripts often ask for the version: that loads nothing else.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const oldestNode = 24;
if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  process.stderr.write(`error: backup-sync needs Node ${oldestNode} or later; this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`${version}\n`);
} else {
  leaveEnvironmentOutOfReports(process);
  // By default, V8 lets a heap grow to several times its live size before it collects. A server has a heap per thread:
  // after a long listing it kept 180 MiB of garbage. These flags make every thread collect sooner. At 20 % instead of 50,
  // imports took a fifth more processor time, and hardly less memory. The last flag bounds garbage buffers: without it,
  // a thread that reads a backup keeps up to 64 MiB of them.
  const flags = ['semi-space-growth-factor=1', 'heap-growing-percent=50', 'optimize-for-size'];
  for (const flag of [...flags, 'scavenger-max-new-space-capacity-mb=1']) setFlagsFromString(`--${flag}`);
  // The cache is in the user's own directory: Node's default is in a place where others may write.
  // Imported here: an older Node has no such function, and an import above would fail with Node's own message.
  const { enableCompileCache } = await import('node:module');
  const cache = process.env.XDG_CACHE_HOME || cacheOfUser();
  if (cache !== null) enableCompileCache(join(cache, 'backup-sync'));
  const { runCommandLine } = await import('./run-command-line.ts');
  await runCommandLine(process, version);
}

/** The user's directory for caches; null if the user has no home directory, as in some containers. */
function cacheOfUser(): string | null {
  try {
    return join(homedir(), '.cache');
  } catch {
    return null;
  }
}
