import { Worker } from 'node:worker_threads';

/** In the place of the engine's own, in the tests of libraries: starts what `bundle-threads.ts` has made of the file. */
export function startThread(_from: string, name: string, workerData: unknown): Worker {
  return new Worker(new URL(`../../node_modules/.cache/threads/${name}.js`, import.meta.url), {
    workerData,
    execArgv: ['--report-exclude-env'],
  });
}
