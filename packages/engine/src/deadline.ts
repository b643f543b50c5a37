/** Milliseconds after which an operation that has not ended ends as `timeout`. */
export const operationLivesMs = 24 * 60 * 60 * 1000;

/** Longest time between two attempts of an operation, milliseconds. */
export const longestRetryDelayMs = 60_000;

export const deadlineDetail = 'more than 24 hours passed since it was accepted';

/**
 * A signal that aborts after this time, or after {@link operationLivesMs} if that is less. Disposing stops the timer.
 */
export function abortAfter(milliseconds: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const delayMs = Math.min(Math.max(0, milliseconds), operationLivesMs);
  const timer = setTimeout(() => controller.abort(new Error('the operation ran out of time')), delayMs);
  timer.unref();
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
