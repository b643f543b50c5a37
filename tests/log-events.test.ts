import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../apps/cli/src/testing.ts';
import { logEvents } from '../packages/engine/src/log-events.ts';
import { allFiles } from '../tools/check/changed-files.ts';

test('each event of the log that the reference lists is written somewhere', () => {
  const sources = allFiles(repositoryRoot)
    .filter((file) => /^(?:packages|apps)\/.*\.ts$/.test(file) && !/\.test\.ts$|\/testing|\/log-events\.ts$/.test(file))
    .map((file) => readFileSync(join(repositoryRoot, file), 'utf8'))
    .join('\n');
  const unwritten = Object.keys(logEvents).filter((event) => !sources.includes(`'${event}'`));
  expect(unwritten).toEqual([]);
});
