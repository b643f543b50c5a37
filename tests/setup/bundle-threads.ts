import { fileURLToPath } from 'node:url';
import { build, type InputOptions } from 'rolldown';

const engine = fileURLToPath(new URL('../../packages/engine/src/', import.meta.url));

/** Bundles the threads of an engine, for the tests of libraries. */
export async function setup(): Promise<void> {
  const common: InputOptions = {
    platform: 'node',
    resolve: { conditionNames: ['@backup-sync/source', 'node', 'default'] },
  };
  const output = { dir: fileURLToPath(new URL('../../node_modules/.cache/threads', import.meta.url)), sourcemap: true };
  await build([
    { ...common, output, input: { worker: `${engine}catalogue/sqlite/worker.ts` } },
    { ...common, output, input: { thread: `${engine}chain/threads/thread.ts` } },
  ]);
}
