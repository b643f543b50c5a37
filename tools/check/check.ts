// pnpm check: checks format, types, boundaries, import cycles and unused code, and runs the tests that changed files
// can affect.
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { affectedTests, nearestWithin } from './affected-tests.ts';
import { allFiles, changedFiles } from './changed-files.ts';
import { readImportGraph } from './import-graph.ts';
import { runAllChecks, runShown } from './run-steps.ts';

const root = join(import.meta.dirname, '..', '..');

/** Total time for tests that are not near, in milliseconds. With everything else, a check takes two minutes. */
const budgetMs = 30_000 * availableParallelism();
/** Duration of a test file that has not run here yet. Milliseconds. */
const usualDurationMs = 2_000;
/** Time in which vitest starts a test file. Milliseconds. */
const startMs = 500;

/** Tests that run whenever a part of the built command has changed. */
const smokeTests = ['apps/cli/src/sync.test.ts', 'apps/cli/src/server.test.ts'];

/** Files that tests read or run without importing them. A change of the first counts as a change of the others. */
const readBy: readonly (readonly [RegExp, readonly string[]])[] = [
  [/./, ['tests/docs/plain-words.test.ts']],
  [/\.(?:md|test\.ts)$/, ['tests/security.test.ts']],
  [/\.md$/, ['tests/core-readme.test.ts', 'tests/docs/links.test.ts', 'tests/docs/pages.test.ts']],
  [/^(?:CONTRIBUTING\.md|package\.json|packages\/engine\/src\/.*)$/, ['tests/contributing.test.ts']],
  [/^packages\/core\/examples\//, ['tests/core-readme.test.ts']],
  [/^(?:package\.json|pnpm-.*\.yaml)$/, ['tests/supply-chain.test.ts']],
  [/rolldown\.config\.ts$/, ['apps/cli/src/main.ts', 'tests/supply-chain.test.ts']],
  [/^docs\/reference\//, ['tests/docs/generated-pages.test.ts', 'tests/docs/rest-page.test.ts']],
  [/^README\.md$/, ['tests/docs/readme.test.ts']],
  // They compare constants and messages of any package with the pages.
  [/^docs\/|^(?:apps|packages)\/.*\/src\/.*\.ts$/, ['tests/docs/messages.test.ts', 'tests/docs/statements.test.ts']],
  [/^(?:docs\/reference\/benchmarks\.md$|tools\/bench\/)/, ['tools/bench/bench.test.ts']],
  [/^examples\//, ['apps/cli/src/testing.ts']],
  [/^(?:examples\/cluster\/|apps\/cli\/src\/environment\.ts$)/, ['tests/cluster-example.test.ts']],
  [/^packaging\//, ['tests/release/packaging.test.ts', 'tests/release/release.test.ts']],
  [/^apps\/console\//, ['tests/browser/console-journeys.test.ts', 'tests/browser/every-screen.test.ts']],
  [/^tools\/setup\//, ['tests/supply-chain.test.ts']],
  [/^(?:tests\/setup\/|vitest\.config\.ts$)/, ['packages/engine/src/start-thread.ts', 'apps/cli/src/testing.ts']],
];

/** Returns the source of each entry of each package, by the name that others import. */
function packageEntries(): ReadonlyMap<string, string> {
  type Manifest = { readonly name: string; readonly exports?: Record<string, { '@backup-sync/source'?: string }> };
  const entries = new Map<string, string>();
  for (const file of globSync('{packages,apps}/*/package.json', { cwd: root })) {
    const { name, exports = {} } = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest;
    for (const [entry, { '@backup-sync/source': source }] of Object.entries(exports)) {
      if (source !== undefined) entries.set(join(name, entry), join(dirname(file), source));
    }
  }
  return entries;
}

/** Returns how long each test file took when it last ran, as vitest remembers it. Milliseconds. */
function recordedDurations(): ReadonlyMap<string, number> {
  type Recorded = { readonly projects?: Record<string, { readonly files: Record<string, { duration: number }> }> };
  const [results] = globSync('node_modules/.vite/vitest/*/results.json', { cwd: root });
  if (results === undefined) return new Map();
  const { projects = {} } = JSON.parse(readFileSync(join(root, results), 'utf8')) as Recorded;
  const files = Object.values(projects).flatMap((project) => Object.entries(project.files));
  return new Map(files.map(([file, { duration }]) => [file, duration]));
}

async function runAffectedTests(): Promise<boolean> {
  const { files: changed, since } = changedFiles(root);
  const read = readBy.flatMap(([what, tests]) => (changed.some((file) => what.test(file)) ? tests : []));
  const graph = await readImportGraph(root, allFiles(root), packageEntries());
  const affected = affectedTests(graph, [...changed, ...read]);
  const durations = recordedDurations();
  const chosen = nearestWithin(affected, changed, {
    smoke: smokeTests,
    budgetMs,
    durationMs: (file) => startMs + (durations.get(file) ?? usualDurationMs),
  });
  const tests = [...graph.keys()].filter((file) => file.endsWith('.test.ts')).length;
  if (since === null)
    process.stdout.write('This clone has no main branch, so committed files do not count as changed.\n');
  process.stdout.write(`${changed.length} changed files can affect ${affected.length} of ${tests} test files.\n`);
  if (chosen.length < affected.length) {
    process.stdout.write(`The nearest ${chosen.length} of them run now; npm test runs all.\n`);
  }
  return chosen.length === 0 || (await runShown('vitest', ['run', '--reporter=dot', ...chosen]));
}

process.chdir(root);
await runAllChecks(runAffectedTests);
