import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallInput, CallOutput, Operation, ScanFinding, UnaryCallName } from '@backup-sync/contracts';
import type { Caller } from '../caller.ts';
import type { LogEventName } from '../log-events.ts';
import { openEmbeddedEngine } from '../open-embedded-engine.ts';
import { makeDataDirectory } from './data-directory.ts';
import { operationEnd } from './operation-end.ts';
import { TestClock } from './test-clock.ts';

/** An entry of the log without its message. */
type LoggedEntry = { readonly event: LogEventName; readonly [field: string]: unknown };

/** An embedded engine over a directory of buckets, with a clock that moves only when a test sets it. */
export type ClockedEngine = AsyncDisposable & {
  readonly faults: unknown[];
  /** The entries of the log. */
  readonly logged: LoggedEntry[];
  readonly clock: TestClock;
  call<Name extends UnaryCallName>(
    name: Name,
    input: Omit<CallInput<Name>, 'project_id'>,
    caller?: Partial<Caller>,
  ): Promise<CallOutput<Name>>;
  /** Waits for an operation to end, and returns it. */
  ended(operationId: string): Promise<Operation>;
  /** Runs a scan to its end, and returns the findings. */
  scan(
    input: Omit<CallInput<'startScan'>, 'project_id'>,
  ): Promise<{ readonly operation: Operation; readonly findings: readonly ScanFinding[] }>;
  /** Waits for the imports named in findings to end, and returns them. */
  imported(findings: readonly ScanFinding[]): Promise<readonly Operation[]>;
  /** Stops the engine and opens another on the same data. */
  restart(): Promise<void>;
};

export async function startClockedEngine(
  buckets: string,
  options: { readonly runsSources?: boolean } = {},
): Promise<ClockedEngine> {
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-engine-'));
  const dataDirectory = join(home, 'data');
  await makeDataDirectory(dataDirectory);
  const faults: unknown[] = [];
  const logged: LoggedEntry[] = [];
  const clock = new TestClock();
  const open = () =>
    openEmbeddedEngine({
      ...options,
      dataDirectory,
      storage: `file:${buckets}`,
      onFault: (_place, error) => faults.push(error),
      log: (event, _message, values) => logged.push({ event, ...values }),
      clock,
    });
  let engine = await open();
  const callerOf = (fields: Partial<Caller>): Caller => {
    const projectId = engine.identity.project.id;
    return { kind: 'system', name: 'ada', projectId, role: 'administrator', ...fields };
  };
  const call: ClockedEngine['call'] = (name, input, caller = {}) => {
    const by = callerOf(caller);
    return engine.call(name, { caller: by, requestId: 'request-1' }, { ...input, project_id: by.projectId });
  };
  const ended = (operationId: string) => operationEnd(engine, callerOf({}), operationId);
  return {
    faults,
    logged,
    clock,
    call,
    ended,
    async scan(input) {
      const { operation_id } = await call('startScan', input);
      const operation = await ended(operation_id);
      const { findings } = await call('listScanFindings', { operation_id });
      return { operation, findings };
    },
    async imported(findings) {
      const ids = findings.flatMap(({ operation_log_id: id }) => (id === null ? [] : [id]));
      return Promise.all(ids.map(ended));
    },
    async restart() {
      await engine[Symbol.asyncDispose]();
      engine = await open();
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}
