import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { env, execPath } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createMigratedDatabase } from '../../testing/postgres-catalogue.ts';
import { describeDeletion } from '../deletion-conformance.ts';
import { describeHeads } from '../head-conformance.ts';
import { describeLanes } from '../lane-conformance.ts';
import { describeCatalogueModel } from '../model-conformance.ts';
import { describeRenaming } from '../rename-conformance.ts';
import { openPostgresCatalogue } from './open-postgres-catalogue.ts';

/** The database that this process shares with another; undefined in the process that starts both. */
const sharedUrl = env.BACKUP_SYNC_SHARED_TEST_DATABASE_URL;

if (sharedUrl === undefined) {
  test('the catalogue passes its suites in two processes at once on one database', async () => {
    const { url, drop } = await createMigratedDatabase();
    const outcomes = await Promise.all([runThisFile(url), runThisFile(url)]);
    await drop();
    expect(outcomes).toEqual(Array(2).fill({ code: 0, failures: '' }));
  }, 120_000);
} else {
  // Only suites whose tests have projects and workers of their own.
  const open = async () => openPostgresCatalogue({ url: sharedUrl, storeJobs: async () => {} }).catalogue;
  describe('any order of steps on a shared database', () => describeCatalogueModel(open, { isShared: true, runs: 20 }));
  describe('the newest proved backups on a shared database', () => describeHeads(open, 3));
  describe('lanes on a shared database', () => describeLanes(open));
  describe('deletion on a shared database', () => describeDeletion(open));
  describe('renaming on a shared database', () => describeRenaming(open));
}

async function runThisFile(url: string) {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const file = fileURLToPath(import.meta.url);
  const root = fileURLToPath(new URL('../../../../..', import.meta.url));
  const child = spawn(execPath, [vitest, 'run', '--project', 'libraries', file], {
    cwd: root,
    env: { ...env, BACKUP_SYNC_SHARED_TEST_DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: Number(code), failures: code === 0 ? '' : `${output}\n${errors}` };
}
