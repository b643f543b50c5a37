import { randomBytes } from 'node:crypto';
import {
  type BackupSync,
  type CallInput,
  type CallOutput,
  hasEnded,
  type Operation,
  type UnaryCallName,
} from '@backup-sync/contracts';
import type { Caller } from '../caller.ts';
import type { EventStream } from '../calls/call-context.ts';
import { parseDatabaseAddress } from '../catalogue/postgres/database-address.ts';
import { type ClusterEngine, type ClusterEngineOptions, openClusterEngine } from '../open-cluster-engine.ts';
import { operationEnd } from './operation-end.ts';
import { createMigratedDatabase } from './postgres-catalogue.ts';
import { makeTestBuckets, type TestBuckets } from './test-buckets.ts';

/** A node of a test. */
export type TestNode = AsyncDisposable &
  Omit<ClusterEngine, typeof Symbol.asyncDispose> & {
    /** Faults of this program, which no test should cause. */
    readonly faults: unknown[];
    readonly notices: string[];
    call<Name extends UnaryCallName>(
      name: Name,
      input: Omit<CallInput<Name>, 'project_id'>,
      caller?: Partial<Caller>,
    ): Promise<CallOutput<Name>>;
    /** Accepts items, and returns the ids of their operations. */
    sync(items: readonly BackupSync[]): Promise<readonly string[]>;
    /** Waits for an operation to end, and returns it. */
    ended(operationId: string): Promise<Operation>;
    watch(fields: { readonly after?: string }): Promise<EventStream<'watchOperations'>>;
  };

type NodeOptions = Pick<ClusterEngineOptions, 'serves' | 'works'> & Partial<Omit<ClusterEngineOptions, 'database'>>;

/** Nodes that share a fresh database and a directory of buckets. */
export type TestCluster = AsyncDisposable & {
  readonly url: string;
  readonly buckets: TestBuckets;
  /** Opens a node, at this address of the database if it is not the usual one. */
  open(options: NodeOptions, url?: string): Promise<TestNode>;
};

/** The roles that nodes have. */
export const answersOnly = { serves: true, works: false } as const;
export const worksOnly = { serves: false, works: true } as const;
export const doesBoth = { serves: true, works: true } as const;

export async function openTestCluster(): Promise<TestCluster> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await createMigratedDatabase());
  const buckets = opening.use(await makeTestBuckets());
  const secretKey = randomBytes(32).toString('base64');
  const owned = opening.move();
  return {
    url: database.url,
    buckets,
    open: (options, url = database.url) =>
      openTestNode({
        storage: `file:${buckets.directory}`,
        secretKey,
        ...options,
        database: parseDatabaseAddress(url, 'the test'),
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openTestNode(options: Omit<ClusterEngineOptions, 'onFault'>): Promise<TestNode> {
  const faults: unknown[] = [];
  const notices: string[] = [];
  const node = await openClusterEngine({
    ...options,
    onFault: (_place, error) => faults.push(error),
    log: (_event, text) => notices.push(text),
  });
  const { engine } = node;
  const projectId = engine.identity.project.id;
  const usual: Caller = { kind: 'system', name: 'tester', projectId, role: 'administrator' };
  const call: TestNode['call'] = (name, input, caller = {}) =>
    engine.call(
      name,
      { caller: { ...usual, ...caller }, requestId: engine.newId() },
      { project_id: caller.projectId ?? projectId, ...input },
    );
  return {
    ...node,
    faults,
    notices,
    call,
    async sync(items) {
      const { sync } = await call('syncBackups', { sync: [...items] });
      return sync.map((each) => each.operation_log_id);
    },
    ended: (operationId) => operationEnd(engine, usual, operationId),
    watch: (fields) =>
      engine.watch(
        'watchOperations',
        { caller: usual, requestId: engine.newId(), signal: new AbortController().signal },
        { project_id: projectId, ...fields },
      ),
  };
}

/** Reads transitions, as the id of the operation and its status, until this many operations have ended. */
export async function readTransitions({ pages }: EventStream<'watchOperations'>, ends: number) {
  const read: { readonly cursor: string; readonly id: string; readonly status: string }[] = [];
  let left = ends;
  for await (const page of pages) {
    for (const { id: cursor, data } of page) {
      read.push({ cursor, id: data.operation.id, status: data.operation.status });
      if (hasEnded(data.operation.status)) left -= 1;
      if (left === 0) return read;
    }
  }
  throw new Error('the events have ended');
}
