import { Worker } from 'node:worker_threads';

/**
 * Starts a thread from the file `name` next to `from`, the `import.meta.url` of the caller. Node's diagnostic report of
 * the process includes a report per thread. The environment, which has secrets, is excluded from them.
 */
export function startThread(from: string, name: string, workerData: unknown): Worker {
  // When run from the sources, the thread also loads sources: Node strips their types, including those of this
  // repository's packages.
  const fromSource = from.endsWith('.ts');
  const conditions = fromSource ? ['--conditions=@backup-sync/source'] : [];
  return new Worker(new URL(`./${name}.${fromSource ? 'ts' : 'js'}`, from), {
    workerData,
    execArgv: [...conditions, '--report-exclude-env'],
  });
}
