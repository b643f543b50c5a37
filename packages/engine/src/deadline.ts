import type { OperationKind } from './catalogue/operation-records.ts';

/** Milliseconds after which an operation that has not ended ends as `timeout`, if its kind has a deadline. */
export const operationLivesMs = 24 * 60 * 60 * 1000;

/** Longest time for which a job reads the data of a verification, milliseconds. The verification continues in another. */
export const jobLivesMs = 12 * 60 * 60 * 1000;

/** Longest time between two attempts of an operation, milliseconds. */
export const longestRetryDelayMs = 60_000;

export const deadlineDetail = 'more than 24 hours passed since it was accepted';

/**
 * Whether operations of this kind end as `timeout` at their deadline. A verification takes as long as its data: nothing
 * would be gained by ending it, since the next one would read everything again. Only the work before and after that has
 * a limit, see verify-chain.ts.
 */
export function hasDeadline(kind: OperationKind): boolean {
  return kind !== 'verify';
}

/** Thrown by work that has used up its time. The message says which work it was. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
}

/**
 * A signal that aborts after this time, or after {@link operationLivesMs} if that is less. Null means never. Disposing
 * stops the timer.
 */
export function abortAfter(milliseconds: number | null): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  if (milliseconds === null) return { signal: controller.signal, [Symbol.dispose]() {} };
  const delayMs = Math.min(Math.max(0, milliseconds), operationLivesMs);
  const timer = setTimeout(() => controller.abort(new Error('the operation ran out of time')), delayMs);
  timer.unref();
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
