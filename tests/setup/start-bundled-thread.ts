import { Worker } from 'node:worker_threads';

/**
 * Starts a thread that `bundle-threads.ts` bundled. Replaces the engine's function in the tests. Unlike a
 * process, a thread compiles its file each time unless it asks for the cache, and tests start thousands of threads.
 */
export function startThread(_from: string, name: string, workerData: unknown): Worker {
  const url = new URL(`../../node_modules/.cache/threads/${name}.mjs`, import.meta.url);
  const script = `require('node:module').enableCompileCache(); import(${JSON.stringify(url.href)});`;
  return new Worker(script, { eval: true, workerData, execArgv: ['--report-exclude-env'] });
}
