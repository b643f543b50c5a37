import { hasEnded, type Operation } from '@backup-sync/contracts';
import type { CallOptions, Calls } from './calls.ts';
import { firstPauseMs, nextPauseMs } from './follow-pauses.ts';
import type { Runtime } from './runtime.ts';

/** Implements `Client.followOperation`. */
export async function* followOperation(
  calls: Pick<Calls, 'showOperation'>,
  operationId: string,
  runtime: Runtime,
  options: CallOptions = {},
): AsyncGenerator<Operation> {
  for (let pauseMs = firstPauseMs; ; pauseMs = nextPauseMs(pauseMs)) {
    const { operation } = await calls.showOperation({ operation_id: operationId }, options);
    yield operation;
    if (hasEnded(operation.status)) return;
    await runtime.sleep(pauseMs, options.signal);
  }
}
