/** An operation that has not ended by then ends as `timeout`. Milliseconds. */
export const operationLivesMs = 24 * 60 * 60 * 1000;

/** Longest time between two attempts of an operation, milliseconds. */
export const longestRetryDelayMs = 60_000;

export const deadlineDetail = 'more than 24 hours passed since it was accepted';

/** A signal that is aborted after so many milliseconds, at most {@link operationLivesMs}; disposing stops the clock. */
export function abortAfter(milliseconds: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const delayMs = Math.min(Math.max(0, milliseconds), operationLivesMs);
  const timer = setTimeout(() => controller.abort(new Error('the time of the operation is over')), delayMs);
  timer.unref();
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
