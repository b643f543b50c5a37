import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../apps/cli/src/testing.ts';
import {
  backupFormats,
  glossary,
  operationStatuses,
  reasonRetries,
  roles,
  verificationLevels,
} from '../../packages/contracts/src/index.ts';
import { snapshotFolders } from '../../packages/engine/src/scans/passed-over.ts';

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');
const concept = (name: string) => read(`docs/concepts/${name}.md`);

/** The first cells of the table whose first heading is this. */
function firstColumn(page: string, heading: string): readonly string[] {
  const lines = page.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  if (start === -1) throw new Error(`there is no table with the heading ${heading}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('| '));
  return rows.slice(0, end).map((row) => (row.split('|')[1] ?? '').trim().replaceAll('`', ''));
}

test('the pages list the levels of the code, in their order', () => {
  expect(firstColumn(concept('chains-and-proof'), 'level')).toEqual(verificationLevels);
});

test('the glossary names the levels and roles of the code, in their order', () => {
  expect(glossary.level.match(/(?<=`)\w+(?=`)/g)).toEqual(verificationLevels);
  expect(glossary.role).toContain(`${roles.slice(0, -1).join(', ')} or ${roles.at(-1)}`);
});

test('the pages list the formats of the code', () => {
  expect(firstColumn(concept('chains-and-proof'), 'format').toSorted()).toEqual(backupFormats.toSorted());
});

test('the pages list the roles of the code, in their order', () => {
  expect(firstColumn(concept('access'), 'role')).toEqual(roles);
});

test('the pages list the statuses of operations in the code, except the one that is never sent', () => {
  const sent = operationStatuses.filter((status) => status !== 'skipped');
  expect(firstColumn(concept('operations'), 'status').toSorted()).toEqual(sent.toSorted());
});

test('the pages list the values of "retry" in the code', () => {
  expect(firstColumn(concept('operations'), '`retry`').toSorted()).toEqual(reasonRetries.toSorted());
});

test('the pages list the snapshot folders of the code', () => {
  const page = concept('sources').replaceAll(/\s+/g, ' ');
  expect(page).toContain(`(${snapshotFolders.map((folder) => `\`${folder}\``).join(', ')})`);
});

const engine = 'packages/engine/src';

/** Numbers on the concept pages, each with the file and the code that set it. */
const numbers = [
  ['access', 'ends after a day', `${engine}/identity/embedded-identity.ts`, 'tokenLivesMs = 24 * 60 * 60 * 1000;'],
  ['access', '10 wrong passwords for a user', `${engine}/identity/guess-limits.ts`, 'mostByUser = 10;'],
  ['access', '(50 from one address)', `${engine}/identity/guess-limits.ts`, 'mostByAddress = 50;'],
  ['access', 'within 15 minutes', `${engine}/identity/guess-limits.ts`, 'windowMs = 15 * 60 * 1000;'],
  ['access', 'first 100 calls per caller', `${engine}/audit/refusal-limit.ts`, 'mostInWindow = 100;'],
  ['access', 'and minute', `${engine}/audit/refusal-limit.ts`, 'windowMs = 60 * 1000;'],
  ['chains-and-proof', 'at most 8 GiB', `${engine}/compose-engine.ts`, 'defaultLinkageMaxBytes = 8 * 1024 ** 3;'],
  ['chains-and-proof', '10,000 such objects', `${engine}/chain/proof/etags/etag-tally.ts`, 'Max = 10_000;'],
  ['chains-and-proof', 'more than 5 minutes', `${engine}/clock.ts`, 'timeToleranceMs = 5 * 60 * 1000;'],
  ['operations', 'within 24 hours', `${engine}/deadline.ts`, 'operationLivesMs = 24 * 60 * 60 * 1000;'],
  ['operations', 'for 20 minutes', `${engine}/operations/retry.ts`, 'defaultRetryForMs = 20 * 60 * 1000;'],
  ['operations', 'for up to 1 second', `${engine}/operations/retry.ts`, 'backoff = { firstMs: 1_000,'],
  ['operations', 'up to a minute', `${engine}/deadline.ts`, 'longestRetryDelayMs = 60_000;'],
  ['operations', 'for storage for 1 second', `${engine}/queue/in-process-job-queue.ts`, 'slowAfterMs = 1_000;'],
  [
    'operations',
    'a verification: 60 seconds',
    `${engine}/queue/in-process-job-queue.ts`,
    'slowVerificationAfterMs = 60_000;',
  ],
  ['operations', 'first within 1 second', `${engine}/storage/watched-bucket.ts`, 'probeBackoff = { firstMs: 1_000,'],
  ['operations', 'at least once a minute', `${engine}/storage/watched-bucket.ts`, 'longestMs: 60_000 };'],
  ['operations', 'within about a second', `${engine}/imports/watch-cancels.ts`, 'looksEveryMs = 1_000;'],
  ['operations', 'up to 50 unfinished', `${engine}/catalogue/steps/lanes.ts`, 'interactiveMax = 50;'],
  ['sources', '24 hours after', 'packages/contracts/src/source.ts', 'incompleteAfterDefaultS = 24 * 60 * 60;'],
  ['sources', 'fewer than one fifth', 'packages/contracts/src/source.ts', '.max(1).default(0.2)'],
  ['sources', 'fewer than one fifth', `${engine}/sources/decide-removals.ts`, 'absent < facts.removalShare *'],
  ['sources', 'up to 1,000', `${engine}/calls/sources.ts`, 'rowsMax = 1000;'],
  ['sources', 'more than 64 characters', `${engine}/imports/legal-backup-name.ts`, 'backupNameMax = 64;'],
  ['sources', '8 digits of its SHA-256', `${engine}/imports/legal-backup-name.ts`, 'hashDigits = 8;'],
] as const;

test.each(numbers)('%s: "%s" agrees with the code', (page, words, path, code) => {
  expect(concept(page).replaceAll(/\s+/g, ' ')).toContain(words);
  // Not `toContain`, which would print the whole file.
  expect(read(path).includes(code), `${path} has no "${code}"`).toBe(true);
});
