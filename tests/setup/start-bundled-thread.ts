import { Worker } from 'node:worker_threads';

/** Starts a thread that `bundle-threads.ts` bundled. Replaces the engine's function in the tests of libraries. */
export function startThread(_from: string, name: string, workerData: unknown): Worker {
  return new Worker(new URL(`../../node_modules/.cache/threads/${name}.js`, import.meta.url), {
    workerData,
    execArgv: ['--report-exclude-env'],
  });
}
