import { type LocalServeOptions, serve } from '../../apps/gateway/src/serve.ts';
import { type CallInput, hasEnded, type Operation } from '../../packages/contracts/src/index.ts';
import { type Client, createClient } from '../../packages/core/src/index.ts';
import type { Clock } from '../../packages/engine/src/index.ts';

const password = 'a password for the administrator';

/** A clock that runs, and that a test can set forward. */
export class ForwardClock implements Clock {
  #aheadMs = 0;

  nowMs(): number {
    return Date.now() + this.#aheadMs;
  }

  monotonicMs(): number {
    return performance.now() + this.#aheadMs;
  }

  forward(seconds: number): void {
    this.#aheadMs += seconds * 1000;
  }
}

export type MonitoredServer = AsyncDisposable & {
  readonly metricsAddress: string;
  readonly client: Client;
  /** Waits until these operations have ended, and returns them. */
  ended(operationIds: readonly string[]): Promise<readonly Operation[]>;
  /** Imports items, and waits until that has ended. */
  sync(items: CallInput<'syncBackups'>['sync']): Promise<readonly Operation[]>;
};

/** Starts a server with metrics. On port 0 of the metrics, it takes a free one. */
export async function startMonitored(
  options: Pick<LocalServeOptions, 'dataDirectory' | 'storage'> & Partial<LocalServeOptions>,
  metrics: Partial<NonNullable<LocalServeOptions['metrics']>> = {},
): Promise<MonitoredServer> {
  const server = await serve({
    consoleDirectory: null,
    administratorPassword: password,
    host: '127.0.0.1',
    port: 0,
    version: '0.0.0',
    onFault: () => {},
    ...options,
    metrics: { host: '127.0.0.1', port: 0, ...metrics },
  });
  const { endpoint, projectId, metricsAddress } = server;
  if (metricsAddress === null) throw new Error('the server has no metrics');
  // It logs in again when its token has expired, which the clock of a test may cause.
  const client = createClient({ endpoint, projectId, credentials: { user: 'admin', password } });
  const end = async (operationId: string) => {
    let last: Operation | undefined;
    for await (const operation of client.followOperation(operationId)) last = operation;
    if (last === undefined || !hasEnded(last.status)) throw new Error(`operation ${operationId} has not ended`);
    return last;
  };
  const ended: MonitoredServer['ended'] = (operationIds) => Promise.all(operationIds.map(end));
  return {
    metricsAddress,
    client,
    ended,
    async sync(items) {
      const { sync } = await client.calls.syncBackups({ sync: items });
      return await ended(sync.map((each) => each.operation_log_id));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
