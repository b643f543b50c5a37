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
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
