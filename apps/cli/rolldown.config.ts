import { defineConfig, type RolldownOptions } from 'rolldown';

// Some hundred small files take longer to load than most commands run, and cost a server memory. The command and what it
// works with become a few files, and each command loads only those that it needs.
const common = {
  platform: 'node',
  // Rolldown adds `import` or `require`, as a file needs it.
  resolve: { conditionNames: ['@backup-sync/source', 'node', 'default'] },
  // The first finds its assets beside itself. The second is optional to a package that does not depend on it, so whether
  // it is found depends on what else is installed.
  external: ['swagger-ui-dist/absolute-path.js', 'supports-color'],
} satisfies RolldownOptions;
const output = {
  dir: 'dist',
  format: 'esm',
  chunkFileNames: '[name]-[hash].js',
  // V8 keeps the source text of each thread in memory. Names stay, so that a stack trace can be read.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  sourcemap: true,
} satisfies RolldownOptions['output'];

// The engine starts `worker` and `thread` as threads, by these names. Each is built alone: a thread that shared files
// with the command would load everything in them.
export default defineConfig([
  { ...common, output: { ...output, cleanDir: true }, input: { main: 'src/main.ts' } },
  { ...common, output, input: { worker: '../../packages/engine/src/catalogue/sqlite/worker.ts' } },
  { ...common, output, input: { thread: '../../packages/engine/src/chain/threads/thread.ts' } },
]);
