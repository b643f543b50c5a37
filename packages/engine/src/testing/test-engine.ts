import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackupSync, CallOutput, Operation, OperationLog, UnaryCallName } from '@backup-sync/contracts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../engine.ts';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { makeDataDirectory } from './data-directory.ts';
import { operationEnd } from './operation-end.ts';
import { makeTestBuckets, type TestBuckets } from './test-buckets.ts';

/** An engine over a directory of buckets, with its own catalogue. Disposing it removes everything. */
export type TestEngine = AsyncDisposable & {
  readonly engine: Engine;
  readonly projectId: string;
  readonly buckets: TestBuckets;
  /** The file of the catalogue. */
  readonly databasePath: string;
  /** Faults of this program, which no test should cause. */
  readonly faults: unknown[];
  call<Name extends UnaryCallName>(name: Name, input: object): Promise<CallOutput<Name>>;
  /** Waits for imports to end, and returns their logs. */
  ended(ids: readonly string[]): Promise<OperationLog[]>;
  /** Waits for an operation of any kind to end, and returns it. */
  operationEnded(id: string): Promise<Operation>;
  /** Syncs items, waits for their operations to end, and returns them. */
  sync(items: readonly BackupSync[]): Promise<OperationLog[]>;
};

export async function openTestEngine(clock?: Clock): Promise<TestEngine> {
  await using stack = new AsyncDisposableStack();
  const buckets = stack.use(await makeTestBuckets());
  const dataDirectory = `${buckets.directory}-data`;
  stack.defer(() => rm(dataDirectory, { recursive: true, force: true }));
  await makeDataDirectory(dataDirectory);
  const faults: unknown[] = [];
  const engine = stack.use(
    await openEmbeddedEngine({
      dataDirectory,
      storage: `file:${buckets.directory}`,
      onFault: (_, error) => faults.push(error),
      ...(clock !== undefined && { clock }),
    }),
  );
  const projectId = engine.identity.project.id;
  const caller = { kind: 'system', name: 'tester', projectId, role: 'operator' } as const;
  const call: TestEngine['call'] = (name, input) =>
    engine.call(name, { caller, requestId: engine.newId() }, { ...input, project_id: projectId });

  const operationEnded = (id: string) => operationEnd(engine, caller, id);

  async function endOf(id: string): Promise<OperationLog> {
    await operationEnded(id);
    return (await call('showOperationLog', { operation_log_id: id })).operation_log;
  }

  const ended: TestEngine['ended'] = (ids) => Promise.all(ids.map(endOf));
  const owned = stack.move();
  return {
    engine,
    projectId,
    buckets,
    databasePath: join(dataDirectory, 'catalogue.sqlite'),
    faults,
    call,
    ended,
    operationEnded,
    async sync(items) {
      const answer = await call('syncBackups', { sync: items });
      return await ended(answer.sync.map((each) => each.operation_log_id));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
