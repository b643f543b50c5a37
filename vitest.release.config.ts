import { defineConfig } from 'vitest/config';

// pnpm release:check: tests of a release that take minutes, or ask the registry. They are in tests/ and tools/.
export default defineConfig({
  test: {
    include: ['tests/**/*.release-test.ts', 'tools/**/*.release-test.ts'],
    globalSetup: 'tests/setup/build-command.ts',
    execArgv: ['--conditions=@backup-sync/source'],
    // They use a core each, and large files.
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
