import { defineConfig } from 'rolldown';

// Loading some hundred small files takes longer than most commands: the command and what it works with become a few
// files, of which each command loads those that it needs. A server is loaded as it was installed.
export default defineConfig({
  input: {
    main: 'src/main.ts',
    // The files that engine/src starts as threads, under the names that it starts them by.
    worker: '../../packages/engine/src/catalogue/sqlite/worker.ts',
    thread: '../../packages/engine/src/chain/threads/thread.ts',
  },
  platform: 'node',
  resolve: { conditionNames: ['@backup-sync/source', 'import', 'node', 'default'] },
  external: ['@backup-sync/gateway'],
  output: { dir: 'dist', format: 'esm', cleanDir: true, chunkFileNames: '[name]-[hash].js', sourcemap: true },
});
