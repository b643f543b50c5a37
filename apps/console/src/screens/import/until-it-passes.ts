import { failureOf } from '../../api/failure.ts';

const firstPauseMs = 1_000;
const longestPauseMs = 15_000;

/**
 * Calls until the call succeeds or fails for a reason that does not pass by itself. `tell` gets what the next attempt
 * waits for, and null once the call succeeds. Throws the signal's reason between two attempts.
 */
export async function untilItPasses<Answer>(
  call: () => Promise<Answer>,
  tell: (waitsFor: string | null) => void,
  signal: AbortSignal,
): Promise<Answer> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    signal.throwIfAborted();
    try {
      const answer = await call();
      tell(null);
      return answer;
    } catch (thrown) {
      const { passes, message } = failureOf(thrown);
      if (!passes || signal.aborted) throw thrown;
      tell(message);
      signal.throwIfAborted();
      await pause(pauseMs, signal);
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    resolve();
  };
  const timer = setTimeout(end, milliseconds);
  signal.addEventListener('abort', end);
  return promise;
}
