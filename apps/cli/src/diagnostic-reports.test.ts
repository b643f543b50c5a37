import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { start, temporaryDirectory } from './testing.ts';

const secrets = {
  BACKUP_SYNC_ADMIN_PASSWORD: 'password-that-nobody-may-see',
  AWS_SECRET_ACCESS_KEY: 'storage-key-that-nobody-may-see',
};
const crash = 'throw new Error("a crash")';
const exhaustMemory = 'const kept = []; while (true) kept.push(new Array(1_000_000).fill(kept.length))';

/** Serves with these options of Node until SIGUSR2 makes it crash; returns what it left. */
async function endedBy(fault: string, nodeOptions: readonly string[]) {
  await using home = await temporaryDirectory();
  const reports = join(home.path, 'reports');
  await Promise.all([mkdir(reports), mkdir(join(home.path, 'buckets'))]);
  const onSignal = `process.once("SIGUSR2", () => { ${fault} })`;
  const preload = `--import=data:text/javascript,${encodeURIComponent(onSignal)}`;
  const environment = {
    ...secrets,
    NODE_OPTIONS: [preload, `--report-directory=${reports}`, ...nodeOptions].join(' '),
  };
  const local = ['--data-dir', join(home.path, 'data'), '--storage', `file:${join(home.path, 'buckets')}`];
  const server = start(['serve', '--json', '--listen', '127.0.0.1:0', ...local], { environment });
  const messages = text(server.stderr);
  const ended = once(server, 'close');
  await once(server.stdout, 'data');
  server.kill('SIGUSR2');
  await ended;
  const names = await readdir(reports);
  return {
    messages: await messages,
    reports: await Promise.all(names.map((name) => readFile(join(reports, name), 'utf8'))),
  };
}

test('the report that Node writes about a crash and its threads contains no secret from the environment', async () => {
  const { reports } = await endedBy(crash, ['--report-uncaught-exception']);
  expect(reports).toHaveLength(1);
  const [report = ''] = reports;
  expect(report).toContain('a crash');
  expect(JSON.parse(report).workers).not.toEqual([]);
  for (const secret of Object.values(secrets)) expect(report).not.toContain(secret);
});

test('Node writes a report of a fatal error only with the option that leaves out the environment', async () => {
  const limits = ['--max-old-space-size=64', '--report-on-fatalerror'];
  const refused = await endedBy(exhaustMemory, limits);
  expect(refused.reports).toHaveLength(0);
  expect(refused.messages).toContain('add --report-exclude-env to NODE_OPTIONS');
  const written = await endedBy(exhaustMemory, [...limits, '--report-exclude-env']);
  expect(written.reports).toHaveLength(1);
  expect(written.messages).not.toContain('NODE_OPTIONS');
  for (const secret of Object.values(secrets)) expect(written.reports.join()).not.toContain(secret);
}, 60_000);
