import { statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

// Tests run on the sources: the condition makes packages of this repository resolve to their src.
const conditions = ['@backup-sync/source'];

/** Ten times what the temporary files of all tests need at most. Bytes. */
const temporaryBytes = 2 ** 30;

/**
 * Memory, if the machine has enough of it: most tests commit to a database, and a disk takes longer to do so than the
 * rest of the test. What a kill leaves behind is the same on both.
 */
function temporaryDirectory(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    if (bavail * bsize >= temporaryBytes) return '/dev/shm';
  } catch {
    // Only Linux has it.
  }
  return tmpdir();
}

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // As shipped, each thread of an engine is one file. The engine then opens in a third of the time.
  resolve: {
    alias: [{ find: /^.*\/start-thread\.ts$/, replacement: pathOf('tests/setup/start-bundled-thread.ts') }],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'libraries',
          isolate: false,
          setupFiles: 'tests/setup/restore-world.ts',
          include: ['packages/*/src/**/*.test.ts', 'apps/{console,gateway}/src/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'command',
          include: ['apps/cli/src/**/*.test.ts', 'tools/**/*.test.ts', 'tests/**/*.test.ts'],
          globalSetup: 'tests/setup/build-command.ts',
        },
      },
    ],
    globalSetup: 'tests/setup/bundle-threads.ts',
    execArgv: ['--conditions=@backup-sync/source'],
    // Most tests open an engine, whose threads load TypeScript: they are compiled once, not in every thread.
    env: { NODE_COMPILE_CACHE: pathOf('node_modules/.cache/compiled'), TMPDIR: temporaryDirectory() },
    // Most tests wait for files, processes and sockets: while one does, another has the core.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    // What a test waits for comes late on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 60_000,
  },
});
