// Test files of libraries share the modules of their worker, which saves loading them for each. So each file gives back
// the environment and the timers as it found them.
import { afterAll, vi } from 'vitest';

afterAll(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
