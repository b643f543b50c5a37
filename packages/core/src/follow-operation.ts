import { hasEnded, type Operation } from '@backup-sync/contracts';
import type { CallOptions, Operations } from './operations.ts';
import type { Runtime } from './runtime.ts';

/** Milliseconds between two questions: at first, and at last. */
const firstPauseMs = 50;
const lastPauseMs = 2_000;

/**
 * Follows an operation of any kind to its end, and yields it each time it was looked at; the last is the ended one. Throws
 * `aborted` by the signal: the operation goes on then.
 */
export async function* followOperation(
  operations: Pick<Operations, 'showOperation'>,
  operationId: string,
  runtime: Runtime,
  options: CallOptions = {},
): AsyncGenerator<Operation> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, lastPauseMs)) {
    const { operation } = await operations.showOperation({ operation_id: operationId }, options);
    yield operation;
    if (hasEnded(operation.status)) return;
    await runtime.sleep(pauseMs, options.signal);
  }
}
