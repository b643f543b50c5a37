/**
 * A node that imports one backup and may be paused meanwhile. Arguments: `<database> <project> <chain root>`. It prints
 * `started`, waits for a line of input, ends its import, and prints a line for each thing that then happens: notices,
 * the result of the import, the error of a step of the import's worker, and `nothing to start` when its job runs again.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { v7 as uuidv7 } from 'uuid';
import { makeAcceptance, makeChain, makeFinish, makeItem } from '../catalogue/fixtures-for-conformance.ts';
import { openPostgresCatalogue } from '../catalogue/postgres/open-postgres-catalogue.ts';
import { systemClock } from '../clock.ts';
import { DatabaseClock } from '../nodes/database-clock.ts';
import { NodeLife } from '../nodes/node-life.ts';
import { systemSleep } from '../storage/bucket-budget.ts';
import { openJobRun } from './job-run.ts';
import { openMemoryStorageUnit } from './memory-storage-unit.ts';
import { quickPace } from './quick-pace.ts';

const [url = '', projectId = '', chainRoot = ''] = process.argv.slice(2);
const tell = (line: string) => writeSync(1, `${line}\n`);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const { catalogue } = openPostgresCatalogue({ url, storeJobs: async () => {} });
const life = new NodeLife({
  catalogue,
  clock: await DatabaseClock.open(systemClock, (nowMs) => catalogue.nodes.readClock(nowMs), tell),
  sleep: systemSleep,
  pace: quickPace,
  node: { hostName: 'paused', pid: process.pid, version: '1.2.3', serves: false, works: true },
  newId: uuidv7,
  log: (_event, text) => tell(text),
  onFault: (error) => tell(String(error)),
  onEnded: async () => {},
  onLook: async () => {},
});
await life.begin();
const run = openJobRun(openMemoryStorageUnit(new Map()));
await life.work(run, async (leaseOwner, { signal }) => {
  const [operation] = await catalogue.operations.startChain(
    makeChain(projectId, chainRoot),
    leaseOwner,
    systemClock.nowMs(),
  );
  if (operation === undefined) return void tell('nothing to start');
  tell('started');
  await lines.next();
  const { result } = await catalogue.operations.finishImport(makeFinish(operation));
  tell(`the import: ${result}`);
  const own = catalogue.fenced({ operationId: operation.id, epoch: operation.epoch });
  const acceptance = makeAcceptance(projectId, [makeItem('late')], { parentOperationId: operation.id });
  await own.operations.accept(acceptance).catch((error: Error) => tell(`the step: ${error.name}`));
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  tell('aborted');
});
const [node] = await catalogue.nodes.listNodes(1);
tell(`registered: ${node?.hostName}`);
await lines.next();
await life[Symbol.asyncDispose]();
await catalogue[Symbol.asyncDispose]();
