import { Worker } from 'node:worker_threads';

/**
 * Starts a thread from the file `name` beside `from`, the `import.meta.url` of the caller. What Node reports of the
 * process for an operator holds a report of each thread, and each would hold the environment, with its secrets.
 */
export function startThread(from: string, name: string, workerData: unknown): Worker {
  // In the sources, Node strips the types of the thread's files too, and packages of this repository are sources.
  const fromSource = from.endsWith('.ts');
  const conditions = fromSource ? ['--conditions=@backup-sync/source'] : [];
  return new Worker(new URL(`./${name}.${fromSource ? 'ts' : 'js'}`, from), {
    workerData,
    execArgv: [...conditions, '--report-exclude-env'],
  });
}
