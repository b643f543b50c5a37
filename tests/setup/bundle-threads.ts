import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, type InputOptions, type OutputOptions } from 'rolldown';

const engine = fileURLToPath(new URL('../../packages/engine/src/', import.meta.url));

/** Bundles the threads of an engine, for the tests. Does nothing in a Vitest that one of them starts. */
export async function setup(): Promise<void> {
  if (env.BACKUP_SYNC_THREADS_ARE_BUNDLED !== undefined) return;
  const common: InputOptions = {
    platform: 'node',
    resolve: { conditionNames: ['@backup-sync/source', 'node', 'default'] },
  };
  // Below node_modules, Node would read files named `.js` twice to find out whether they are modules.
  const output: OutputOptions = {
    dir: fileURLToPath(new URL('../../node_modules/.cache/threads', import.meta.url)),
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    sourcemap: true,
  };
  await build([
    { ...common, output, input: { worker: `${engine}catalogue/sqlite/worker.ts` } },
    { ...common, output, input: { thread: `${engine}chain/threads/thread.ts` } },
  ]);
  env.BACKUP_SYNC_THREADS_ARE_BUNDLED = 'yes';
}
