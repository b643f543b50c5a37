import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests run on the sources: the condition makes packages of this repository resolve to their src.
const conditions = ['@backup-sync/source'];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'libraries', include: ['packages/*/src/**/*.test.ts', 'apps/gateway/src/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'command',
          include: ['apps/cli/src/**/*.test.ts', '.scripts/**/*.test.ts'],
          globalSetup: '.scripts/build-command.ts',
        },
      },
    ],
    execArgv: ['--conditions=@backup-sync/source'],
    // Most tests open an engine, whose threads load TypeScript: they are compiled once, not in every thread.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
    // Most tests wait for files, processes and sockets: a core is not kept free for the runner.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
