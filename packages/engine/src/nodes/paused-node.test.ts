import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { v7 as newId } from 'uuid';
import { expect, test } from 'vitest';
import { makeAcceptance, makeChain, makeFinish, makeItem } from '../catalogue/fixtures-for-conformance.ts';
import type { DueWork } from '../catalogue/operation-records.ts';
import { openPostgresCatalogue } from '../catalogue/postgres/open-postgres-catalogue.ts';
import { systemClock } from '../clock.ts';
import { systemSleep } from '../storage/bucket-budget.ts';
import { createMigratedDatabase } from '../testing/postgres-catalogue.ts';
import { quickPace } from '../testing/quick-pace.ts';
import { DatabaseClock } from './database-clock.ts';
import { NodeLife } from './node-life.ts';

const program = fileURLToPath(new URL('../testing/paused-node.ts', import.meta.url));
const projectId = 'project-1';

test('a process that is paused past its lease and comes back changes no row, and continues as a new node', async () => {
  await using opening = new AsyncDisposableStack();
  const { url, drop } = await createMigratedDatabase();
  opening.defer(drop);
  const jobs: DueWork[] = [];
  const { catalogue } = openPostgresCatalogue({ url, storeJobs: async (_, due) => void jobs.push(...due) });
  opening.use(catalogue);
  const [id = ''] = (await catalogue.operations.accept(makeAcceptance(projectId, [makeItem('a')]))).ids;

  const child = spawn(process.execPath, [...process.execArgv, program, url, projectId, 'chain-1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  opening.defer(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => (await lines.next()).value;
  expect(await nextLine()).toBe('started');
  jobs.length = 0;
  child.kill('SIGSTOP');

  const isTakenOver = Promise.withResolvers<string>();
  const life = opening.use(
    new NodeLife({
      catalogue,
      clock: await DatabaseClock.open(
        systemClock,
        (nowMs) => catalogue.nodes.readClock(nowMs),
        () => {},
      ),
      sleep: systemSleep,
      pace: quickPace,
      node: { hostName: 'other', pid: process.pid, version: '1.2.3', serves: true, works: true },
      newId,
      log: (_event, text) => isTakenOver.resolve(text),
      onFault: isTakenOver.reject,
      onEnded: async () => {},
      onLook: async () => {},
    }),
  );
  await life.begin();
  expect(await isTakenOver.promise).toBe(
    `The node on paused (process ${child.pid}) has been silent for more than 2 s. Other nodes continue its work.`,
  );
  const chain = makeChain(projectId);
  expect(jobs).toEqual([{ kind: 'chain', chain, lane: 'mass', notBeforeMs: null }]);
  const [operation] = await catalogue.operations.startChain(chain, 'worker-2', 3_000);
  if (operation === undefined) throw new Error('the import was not started again');
  await catalogue.operations.finishImport(makeFinish(operation));
  const show = async () => [
    await catalogue.operations.showOperation(projectId, id),
    await catalogue.backups.showBackup(projectId, 'a'),
    await catalogue.operations.countBacklog(projectId),
  ];
  const before = await show();

  child.stdin.write('\n');
  child.kill('SIGCONT');
  const told: string[] = [];
  for (let line = await nextLine(); line !== undefined; line = await nextLine()) {
    told.push(line);
    if (line.startsWith('registered')) child.stdin.end('\n');
  }
  expect(await once(child, 'close')).toEqual([0, null]);
  const expected = ['the import: stale_epoch', 'the step: LeaseLostError', 'aborted', 'nothing to start'];
  expect(told).toEqual(expect.arrayContaining(expected));
  expect(told.some((line) => line.startsWith('registered'))).toBe(true);
  expect(await show()).toEqual(before);
});
