import { defineConfig, type RolldownOptions } from 'rolldown';

// Loading hundreds of small files takes longer than most commands run, and costs a server memory. So the command and
// its libraries are bundled into a few files, and each command loads only those that it needs.
const common = {
  platform: 'node',
  // Rolldown itself adds `import` or `require`.
  resolve: { conditionNames: ['@backup-sync/source', 'node', 'default'] },
  // The first finds its assets next to itself. The second is an undeclared optional dependency of a package: whether it
  // is found depends on what else is installed.
  external: ['swagger-ui-dist/absolute-path.js', 'supports-color'],
} satisfies RolldownOptions;
const output = {
  dir: 'dist',
  format: 'esm',
  chunkFileNames: '[name]-[hash].js',
  // V8 keeps the source text of each thread in memory, so blanks are removed. Names stay, for readable stack traces.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  sourcemap: true,
} satisfies RolldownOptions['output'];

// The engine starts `worker` and `thread` as threads, by these names. Each is built separately: a thread that shared
// files with the command would load everything in them.
export default defineConfig([
  { ...common, output: { ...output, cleanDir: true }, input: { main: 'src/main.ts' } },
  { ...common, output, input: { worker: '../../packages/engine/src/catalogue/sqlite/worker.ts' } },
  { ...common, output, input: { thread: '../../packages/engine/src/chain/threads/thread.ts' } },
]);
