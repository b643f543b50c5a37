import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as newId } from 'uuid';
import { expect, test } from 'vitest';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { CatalogueUnavailableError } from '../catalogue/catalogue-errors.ts';
import { makeAcceptance, makeChain, makeItem } from '../catalogue/fixtures-for-conformance.ts';
import { openSqliteCatalogue } from '../catalogue/sqlite/open-sqlite-catalogue.ts';
import { openJobRun } from '../testing/job-run.ts';
import { openMemoryStorageUnit } from '../testing/memory-storage-unit.ts';
import { VirtualTime } from '../testing/virtual-time.ts';
import { DatabaseClock } from './database-clock.ts';
import { nodePace } from './live-nodes.ts';
import { NodeLife } from './node-life.ts';

const projectId = 'project-1';
const run = openJobRun(openMemoryStorageUnit(new Map()));

/** A catalogue in virtual time, and nodes that share it. */
async function openNodes() {
  await using opening = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-nodes-'));
  opening.defer(() => rm(home, { recursive: true }));
  const catalogue = opening.use(await openSqliteCatalogue({ directory: join(home, 'data'), inPlace: true }));
  const time = new VirtualTime();
  const owned = opening.move();
  return {
    catalogue,
    time,
    passes: (durationMs: number) => time.until(time.sleep(durationMs, undefined)),
    /** Starts a node. While `isAway`, its database does not answer. */
    async start(hostName: string) {
      const state = { isAway: false, looks: 0 };
      const notices: string[] = [];
      const faults: unknown[] = [];
      const answer =
        <Input extends readonly unknown[], Output>(step: (...input: Input) => Promise<Output>) =>
        (...input: Input): Promise<Output> =>
          state.isAway ? Promise.reject(new CatalogueUnavailableError('The database is away.')) : step(...input);
      const nodes = Object.fromEntries(
        Object.entries(catalogue.nodes).map(([name, step]) => [name, answer(step as () => Promise<unknown>)]),
      );
      const own: Catalogue = { ...catalogue, nodes: nodes as unknown as Catalogue['nodes'] };
      const life = new NodeLife({
        catalogue: own,
        clock: await DatabaseClock.open(
          time.clock,
          (nowMs) => own.nodes.readClock(nowMs),
          () => {},
        ),
        sleep: time.sleep,
        pace: nodePace,
        node: { hostName, pid: 1, version: '1.2.3', serves: true, works: true },
        newId,
        log: (_event, text) => notices.push(text),
        onFault: (error) => faults.push(error),
        onEnded: async () => {},
        onLook: async () => {
          state.looks += 1;
        },
      });
      await life.begin();
      return { life, state, notices, faults };
    },
    /** Starts an import under a lease. */
    async startImport(leaseOwner: string): Promise<string> {
      const name = newId();
      const acceptance = makeAcceptance(projectId, [makeItem(name)], { chainRoot: name });
      await catalogue.operations.accept(acceptance);
      const [started] = await catalogue.operations.startChain(makeChain(projectId, name), leaseOwner, 0);
      return started?.id ?? '';
    },
    statusOf: async (id: string) => (await catalogue.operations.showOperation(projectId, id))?.status,
    hosts: async () => (await catalogue.nodes.listNodes(0)).map(({ hostName }) => hostName),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Start = { readonly leaseOwner: string; readonly signal: AbortSignal };

/** A job that may run twice, each time until it is asked to end. */
function openJob(nodes: { readonly life: NodeLife }) {
  const starts = [Promise.withResolvers<Start>(), Promise.withResolvers<Start>()] as const;
  const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  let runs = 0;
  const work = nodes.life.work(run, async (leaseOwner, { signal }) => {
    const index = runs === 0 ? 0 : 1;
    runs += 1;
    starts[index].resolve({ leaseOwner, signal });
    await ends[index].promise;
  });
  const [first, second] = ends;
  return {
    started: starts[0].promise,
    startedAgain: starts[1].promise,
    end: first.resolve,
    fail: first.reject,
    endAgain: second.resolve,
    runs: () => runs,
    work,
  };
}

test('a node that lives keeps its leases, and says what it works on', async () => {
  await using world = await openNodes();
  const one = await world.start('one');
  const other = await world.start('other');
  const job = openJob(one);
  const { leaseOwner, signal } = await job.started;
  const id = await world.startImport(leaseOwner);
  await world.passes(120_000);
  expect(signal.aborted).toBe(false);
  expect(await world.statusOf(id)).toBe('running');
  expect(await world.catalogue.nodes.listNodes(1)).toMatchObject([
    { hostName: 'one', jobs: 1, leases: { count: 1 } },
    { hostName: 'other', jobs: 0, leases: { count: 0 } },
  ]);
  expect([...one.notices, ...other.notices, ...one.faults, ...other.faults]).toEqual([]);
  expect(one.state.looks).toBeGreaterThan(20);
  job.end();
  await job.work;
  await one.life[Symbol.asyncDispose]();
  await other.life[Symbol.asyncDispose]();
});

test('a node whose database is away stops its work when others may take over, and continues under a new lease', async () => {
  await using world = await openNodes();
  const lost = await world.start('lost');
  const other = await world.start('other');
  const job = openJob(lost);
  const { leaseOwner, signal } = await job.started;
  const id = await world.startImport(leaseOwner);
  lost.state.isAway = true;
  await world.passes(9_000);
  expect(signal.aborted).toBe(false);
  expect(await world.statusOf(id)).toBe('running');
  await world.passes(6_000);
  expect(signal.aborted).toBe(true);
  await world.passes(6_000);
  expect(await world.statusOf(id)).toBe('waiting');
  expect(await world.hosts()).toEqual(['other']);
  expect(other.notices).toEqual([
    'The node on lost (process 1) has been silent for more than 15 s. Other nodes continue its work.',
  ]);
  job.fail(new Error('a request was aborted'));
  lost.state.isAway = false;
  await world.passes(5_000);
  // It may have been stopped before it started its operations, which nobody else would then do.
  const later = await job.startedAgain;
  expect(later.leaseOwner).not.toBe(leaseOwner);
  expect(later.signal.aborted).toBe(false);
  expect(await world.hosts()).toEqual(['other', 'lost']);
  expect(lost.notices).toEqual([
    'The database has not answered for 15 s. Work stops until it does.',
    'This node is registered again, under a new id. Its work continues.',
  ]);
  expect([...lost.faults, ...other.faults]).toEqual([]);
  job.endAgain();
  await job.work;
  expect(job.runs()).toBe(2);
  await lost.life[Symbol.asyncDispose]();
  await other.life[Symbol.asyncDispose]();
});

test('a node whose database was away for all nodes continues its own work at once', async () => {
  await using world = await openNodes();
  const node = await world.start('one');
  const job = openJob(node);
  const id = await world.startImport((await job.started).leaseOwner);
  node.state.isAway = true;
  await world.passes(16_000);
  // A job that is stopped may end as usual.
  job.end();
  node.state.isAway = false;
  await world.passes(5_000);
  expect(await world.statusOf(id)).toBe('waiting');
  await job.startedAgain;
  job.endAgain();
  await job.work;
  expect(await world.hosts()).toEqual(['one']);
  await node.life[Symbol.asyncDispose]();
});

test('a node that others have declared dead notices with its next heartbeat', async () => {
  await using world = await openNodes();
  const node = await world.start('one');
  const job = openJob(node);
  const { leaseOwner, signal } = await job.started;
  await world.catalogue.nodes.takeOverDead(-1_000, 0);
  await world.passes(5_000);
  expect(signal.aborted).toBe(true);
  job.end();
  expect((await job.startedAgain).leaseOwner).not.toBe(leaseOwner);
  expect(await world.hosts()).toEqual(['one']);
  expect(node.notices[0]).toBe(
    'Another node has taken over the work of this node, which had been silent for too long.',
  );
  job.endAgain();
  await job.work;
  await node.life[Symbol.asyncDispose]();
});

test('a database that is away for 12 seconds changes nothing', async () => {
  await using world = await openNodes();
  const node = await world.start('one');
  const job = openJob(node);
  node.state.isAway = true;
  await world.passes(12_000);
  node.state.isAway = false;
  await world.passes(60_000);
  expect((await job.started).signal.aborted).toBe(false);
  expect([...node.notices, ...node.faults]).toEqual([]);
  job.fail(new Error('a fault of the job'));
  await expect(job.work).rejects.toThrow('a fault of the job');
  await node.life[Symbol.asyncDispose]();
});

test('a node that stops leaves its work to others at once', async () => {
  await using world = await openNodes();
  const node = await world.start('one');
  const job = openJob(node);
  const id = await world.startImport((await job.started).leaseOwner);
  job.end();
  await job.work;
  await node.life[Symbol.asyncDispose]();
  expect(await world.statusOf(id)).toBe('waiting');
  expect(await world.hosts()).toEqual([]);
});

test('a job that waits for the database ends when the node stops', async () => {
  await using world = await openNodes();
  const node = await world.start('one');
  node.state.isAway = true;
  await world.passes(16_000);
  const stopping = new AbortController();
  const waits = node.life.work({ ...run, signal: stopping.signal }, async () => {});
  stopping.abort(new Error('the server is stopping'));
  await expect(waits).rejects.toThrow('the server is stopping');
  await node.life[Symbol.asyncDispose]();
});

test('a node takes over at its start what a dead one has left', async () => {
  await using world = await openNodes();
  const id = await world.startImport('a node that is gone');
  const node = await world.start('one');
  expect(await world.statusOf(id)).toBe('waiting');
  await node.life[Symbol.asyncDispose]();
});
