import { hasEnded, type Operation } from '@backup-sync/contracts';
import type { Caller } from '../caller.ts';
import type { Engine } from '../engine.ts';

/**
 * Waits for an operation in the caller's project to end, and returns it. This follows its events: asking in a loop
 * would take the processor from the work that the loop waits for.
 */
export async function operationEnd(engine: Engine, caller: Caller, operationId: string): Promise<Operation> {
  const from = { caller, requestId: engine.newId(), signal: new AbortController().signal };
  const fields = { project_id: caller.projectId, operation_id: operationId };
  // Opened before the first look, so that no event is missed.
  const { start, pages } = await engine.watch('watchOperations', from, fields);
  const { operation } = await engine.call('showOperation', from, fields);
  if (hasEnded(operation.status)) return operation;
  for await (const page of pages) {
    const last = page.findLast(({ data }) => hasEnded(data.operation.status));
    if (last !== undefined) return last.data.operation;
  }
  throw new Error(`the events after ${start} have ended`);
}
