// Test files of libraries share the modules of their worker, which saves loading them for each file. So each file must
// restore the environment and the timers.
import { afterAll, vi } from 'vitest';

afterAll(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
