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
const limits = 'apps/gateway/src/edges/edge-limits.ts';

/** Numbers on the pages, each with the file and the code that set it. */
const numbers = [
  [
    'concepts/access',
    'ends after a day',
    `${engine}/identity/embedded-identity.ts`,
    'tokenLivesMs = 24 * 60 * 60 * 1000;',
  ],
  ['concepts/access', '10 wrong passwords for a user', `${engine}/identity/guess-limits.ts`, 'guessesOfUserMax = 10;'],
  ['concepts/access', '(50 from one address)', `${engine}/identity/guess-limits.ts`, 'guessesFromAddressMax = 50;'],
  ['concepts/access', 'within 15 minutes', `${engine}/identity/guess-limits.ts`, 'guessWindowMs = 15 * 60 * 1000;'],
  ['concepts/access', 'first 100 calls per caller', `${engine}/audit/refusal-limit.ts`, 'mostInWindow = 100;'],
  ['concepts/access', 'and minute', `${engine}/audit/refusal-limit.ts`, 'windowMs = 60 * 1000;'],
  [
    'concepts/chains-and-proof',
    'at most 8 GiB',
    `${engine}/compose-engine.ts`,
    'defaultLinkageMaxBytes = 8 * 1024 ** 3;',
  ],
  ['concepts/chains-and-proof', '10,000 such objects', `${engine}/chain/proof/etags/etag-tally.ts`, 'Max = 10_000;'],
  ['concepts/chains-and-proof', 'more than 5 minutes', `${engine}/clock.ts`, 'timeToleranceMs = 5 * 60 * 1000;'],
  ['concepts/operations', 'within 24 hours', `${engine}/deadline.ts`, 'operationLivesMs = 24 * 60 * 60 * 1000;'],
  ['concepts/operations', 'for 20 minutes', `${engine}/operations/retry.ts`, 'defaultRetryForMs = 20 * 60 * 1000;'],
  ['concepts/operations', 'for up to 1 second', `${engine}/operations/retry.ts`, 'backoff = { firstMs: 1_000,'],
  ['concepts/operations', 'up to a minute', `${engine}/deadline.ts`, 'longestRetryDelayMs = 60_000;'],
  [
    'concepts/operations',
    'for storage for 1 second',
    `${engine}/queue/in-process-job-queue.ts`,
    'slowAfterMs = 1_000;',
  ],
  [
    'concepts/operations',
    'a verification: 60 seconds',
    `${engine}/queue/in-process-job-queue.ts`,
    'slowVerificationAfterMs = 60_000;',
  ],
  [
    'concepts/operations',
    'first within 1 second',
    `${engine}/storage/watched-bucket.ts`,
    'probeBackoff = { firstMs: 1_000,',
  ],
  ['concepts/operations', 'at least once a minute', `${engine}/storage/watched-bucket.ts`, 'longestMs: 60_000 };'],
  ['concepts/operations', 'within about a second', `${engine}/imports/watch-cancels.ts`, 'looksEveryMs = 1_000;'],
  ['concepts/operations', 'up to 50 unfinished', `${engine}/catalogue/steps/lanes.ts`, 'interactiveMax = 50;'],
  ['concepts/sources', '24 hours after', 'packages/contracts/src/source.ts', 'incompleteAfterDefaultS = 24 * 60 * 60;'],
  ['concepts/sources', 'fewer than one fifth', 'packages/contracts/src/source.ts', '.max(1).default(0.2)'],
  ['concepts/sources', 'fewer than one fifth', `${engine}/sources/decide-removals.ts`, 'absent < facts.removalShare *'],
  ['concepts/sources', 'up to 1,000', `${engine}/calls/sources.ts`, 'rowsMax = 1000;'],
  ['concepts/sources', 'more than 64 characters', `${engine}/imports/legal-backup-name.ts`, 'backupNameMax = 64;'],
  ['concepts/sources', '8 digits of its SHA-256', `${engine}/imports/legal-backup-name.ts`, 'hashDigits = 8;'],
  ['how-to/connect-storage', 'at most 5 minutes', `${engine}/storage/bucket-budget.ts`, 'pauseMsMax = 5 * 60 * 1000;'],
  ['how-to/connect-storage', 'pause is 1 second', `${engine}/storage/bucket-budget.ts`, 'firstPauseMs = 1000;'],
  [
    'how-to/connect-storage',
    'one hundredth of the full rate',
    `${engine}/storage/bucket-budget.ts`,
    'recoveryPart = 0.01;',
  ],
  ['how-to/connect-storage', 'The rate is halved', `${engine}/storage/bucket-budget.ts`, 'this.#perSecond / 2'],
  [
    'how-to/connect-storage',
    'After 6 refused attempts',
    `${engine}/storage/budgeted-storage-unit.ts`,
    'attemptsMax = 6;',
  ],
  ['how-to/connect-storage', 'per second | 200 | none', `${engine}/storage/driver.ts`, 'requestsPerSecond: 200,'],
  ['how-to/connect-storage', 'same time | 32 | none', `${engine}/storage/driver.ts`, 'requestsInFlight: 32 }'],
  [
    'how-to/connect-storage',
    'by 4 minutes or more',
    `${engine}/storage/s3/s3-client.ts`,
    'signedByServiceFromMs = 4 * 60 * 1000;',
  ],
  [
    'how-to/connect-storage',
    'at most 20 of them',
    'packages/contracts/src/storage-check.ts',
    'checkedBucketsMax = 20;',
  ],
  ['how-to/directory', 'gives up after 60 seconds', `${engine}/storage/probe-bucket.ts`, 'defaultTimeoutMs = 60_000;'],
  ['how-to/directory', 'asks after 10.', `${engine}/calls/storage-checks.ts`, 'requestTimeoutMs = 10_000;'],
  [
    'how-to/keystone',
    'within the last 5 minutes',
    `${engine}/identity/keystone/token-validation.ts`,
    'keptMs = 5 * 60 * 1000;',
  ],
  ['how-to/manage-users', '12 to 1,024 characters', 'packages/contracts/src/user.ts', 'text(12, 1024)'],
  ['how-to/manage-users', 'reading it within 5 seconds', `${engine}/identity/recent-grants.ts`, 'recentMs = 5_000;'],
  ['how-to/monitoring', 'Up to 5 resources of each state', 'apps/cli/src/commands/check-verdict.ts', 'namedMax = 5;'],
  ['how-to/monitoring', 'the ages of the 20 oldest', 'apps/cli/src/commands/check-verdict.ts', 'agesMax = 20;'],
  ['how-to/monitoring', 'newest 200,000 events', `${engine}/catalogue/steps/events.ts`, 'eventsKept = 200_000;'],
  ['how-to/monitoring', 'a comment comes every 15 seconds', 'apps/gateway/src/open-stream.ts', 'heartbeatMs = 15_000;'],
  ['concepts/nodes', 'heartbeat every 5 seconds', `${engine}/nodes/live-nodes.ts`, 'beatEveryMs: 5_000'],
  ['concepts/nodes', 'After 15 seconds without', `${engine}/nodes/live-nodes.ts`, 'deadAfterMs: 15_000'],
  ['concepts/nodes', 'die 5 times in a row', `${engine}/catalogue/steps/take-over.ts`, 'takeoversMax = 5;'],
  ['concepts/nodes', 'difference of more than 5 seconds', `${engine}/nodes/database-clock.ts`, 'toleratedMs = 5_000;'],
  ['concepts/nodes', 'allows a tenth of the burst', 'apps/gateway/src/edges/shared-rate-limit.ts', 'aheadShare = 0.1;'],
  [
    'how-to/run-many-nodes',
    'uses up to 15 connections',
    `${engine}/catalogue/postgres/open-postgres-catalogue.ts`,
    'writersMax = 6;',
  ],
  [
    'how-to/run-many-nodes',
    'uses up to 15 connections',
    `${engine}/catalogue/postgres/open-postgres-catalogue.ts`,
    'readersMax = 4;',
  ],
  [
    'how-to/run-many-nodes',
    'uses up to 15 connections',
    `${engine}/shared-limits/open-shared-limits.ts`,
    'poolSize = 4;',
  ],
  ['concepts/operations', 'about 100 requests', `${engine}/queue/acceptance-first.ts`, 'turnEveryMs = 10;'],
  ['concepts/operations', '20 milliseconds after', `${engine}/queue/acceptance-first.ts`, 'expectedForMs = 20;'],
  ['how-to/run-many-nodes', 'notice it after 15 to 20 seconds', `${engine}/nodes/live-nodes.ts`, 'deadAfterMs: 15_000'],
  [
    'concepts/chains-and-proof',
    'more than 16 TiB',
    `${engine}/chain/replay/expansion-limit.ts`,
    'unstoredBytesMax = 16 * 1024 ** 4;',
  ],
  ['troubleshooting/reasons', '5 processes in a row', `${engine}/catalogue/steps/take-over.ts`, 'takeoversMax = 5;'],
  ['how-to/run-as-a-service', 'is answering 5 seconds', 'apps/gateway/src/listen.ts', 'graceMs = 5_000;'],
  [
    'how-to/upgrade',
    'up to three times the size',
    `${engine}/catalogue/sqlite/upgrade.ts`,
    '(needsVacuum ? 3 : 2) * databaseBytes',
  ],
  ['how-to/upgrade', 'and 16 MiB', `${engine}/catalogue/sqlite/upgrade.ts`, 'marginBytes = 16 * 1024 * 1024;'],
  ['how-to/tls-and-proxies', 'once a minute', 'apps/gateway/src/listen.ts', 'renewalCheckMs = 60_000;'],
  ['how-to/tls-and-proxies', 'less than 65 seconds', 'apps/gateway/src/listen.ts', 'keepAliveMs = 65_000;'],
  ['how-to/tls-and-proxies', 'Headers have up to 32 KiB', 'apps/gateway/src/listen.ts', 'headersMaxBytes = 32 * 1024;'],
  ['how-to/tls-and-proxies', 'bodies up to 1 MiB', 'apps/gateway/src/json-body.ts', 'bodyMaxBytes = 1024 * 1024;'],
  ['how-to/tls-and-proxies', 'headers within 15 seconds', limits, 'headersTimeoutMs: 15_000,'],
  ['how-to/tls-and-proxies', 'all of it within 60 seconds', limits, 'requestTimeoutMs: 60_000,'],
  ['how-to/tls-and-proxies', 'one caller | 1000, and 2000 at once', limits, 'callsPerSecond: 1000,'],
  ['how-to/tls-and-proxies', 'one network | 50, and 500 at once', limits, 'unknownCallsPerSecond: 50,'],
  ['how-to/tls-and-proxies', 'being answered | 256 |', limits, 'callsInFlightOfCaller: 256,'],
  ['how-to/tls-and-proxies', 'not known yet | 64 |', limits, 'callsInFlightOfNetwork: 64,'],
  ['how-to/tls-and-proxies', 'streams included | 1024 |', limits, 'callsInFlight: 1024,'],
  ['how-to/tls-and-proxies', 'trusted proxies | 512 |', limits, 'connectionsOfNetwork: 512,'],
  ['how-to/tls-and-proxies', 'all connections | 4096 |', limits, 'connections: 4096,'],
  ['reference/rest', '1,000 per second, bursts of 2,000', limits, 'callsPerSecond: 1000,'],
  ['reference/rest', '50 per second, bursts of 500', limits, 'unknownCallsPerSecond: 50,'],
  ['reference/rest', 'streams included | 256 |', limits, 'callsInFlightOfCaller: 256,'],
  ['reference/rest', 'not known yet | 64 |', limits, 'callsInFlightOfNetwork: 64,'],
  ['reference/rest', 'answered | 1,024 (', limits, 'callsInFlight: 1024,'],
  ['reference/rest', '512 from an address', limits, 'connectionsOfNetwork: 512,'],
  ['reference/rest', '15 seconds, 60 seconds', limits, 'headersTimeoutMs: 15_000,'],
  ['reference/rest', '| body | 1 MiB |', 'apps/gateway/src/json-body.ts', 'bodyMaxBytes = 1024 * 1024;'],
  ['reference/rest', 'at most 32 levels', 'apps/gateway/src/json-body.ts', 'depthMax = 32;'],
  ['reference/rest', 'list reads | 45 seconds |', `${engine}/calls/plan-sync.ts`, 'timeMs = 45_000;'],
  ['reference/rest', 'A batch has at most 50 calls', 'apps/gateway/src/trpc-door.ts', 'batchedCallsMax = 50;'],
  ['reference/rest', 'at most 256 resources', 'packages/contracts/src/vault.ts', 'vaultResourcesMax = 256;'],
  ['reference/rest', 'or a plan | 50 |', 'packages/contracts/src/sync.ts', 'syncItemsMax = 50;'],
  ['reference/rest', 'last 200,000 events', `${engine}/catalogue/steps/events.ts`, 'eventsKept = 200_000;'],
  ['reference/rest', 'by more than 15 minutes', `${engine}/identity/signed-request.ts`, 'windowMs = 15 * 60 * 1000;'],
  [
    'troubleshooting/errors',
    'not within 15 seconds',
    `${engine}/sources/refuse-unlistable.ts`,
    'firstPageWaitMs = 15_000;',
  ],
  ['troubleshooting/errors', 'newest 200,000 events', `${engine}/catalogue/steps/events.ts`, 'eventsKept = 200_000;'],
  ['troubleshooting/errors', 'nested more than 32 levels', 'apps/gateway/src/json-body.ts', 'depthMax = 32;'],
  [
    'troubleshooting/errors',
    'sent nothing for 60 seconds',
    'packages/core/src/http/exchange.ts',
    'defaultTimeoutMs = 60_000;',
  ],
  [
    'troubleshooting/reasons',
    'more than 200,000 backups',
    `${engine}/chain/proof/object-bound.ts`,
    'folderLinksMax = 200_000;',
  ],
  [
    'troubleshooting/reasons',
    '16,000,000 blocks',
    `${engine}/chain/formats/longhorn/volume-listing.ts`,
    'blocksMax = 16_000_000;',
  ],
  [
    'troubleshooting/reasons',
    'younger than 15 minutes',
    `${engine}/chain/proof/young-metadata.ts`,
    'writingMsMax = 15 * 60 * 1000;',
  ],
  ['troubleshooting/reasons', 'has only 45 seconds', `${engine}/calls/plan-sync.ts`, 'timeMs = 45_000;'],
  ['troubleshooting/reasons', 'within 24 hours', `${engine}/deadline.ts`, 'operationLivesMs = 24 * 60 * 60 * 1000;'],
  [
    'troubleshooting/reasons',
    'retries for 20 minutes',
    `${engine}/operations/retry.ts`,
    'defaultRetryForMs = 20 * 60 * 1000;',
  ],
  ['reference/variables', '(default: 4096)', limits, 'connections: 4096,'],
  ['reference/variables', '(default: 1024)', limits, 'callsInFlight: 1024,'],
  ['reference/variables', '(default: 1000; short bursts', limits, 'callsPerSecond: 1000,'],
  ['reference/variables', '(default: 50; short bursts', limits, 'unknownCallsPerSecond: 50,'],
  ['reference/variables', '(default: 200 for S3;', `${engine}/storage/driver.ts`, 'requestsPerSecond: 200,'],
  ['reference/variables', '(default: 8589934592)', `${engine}/compose-engine.ts`, 'LinkageMaxBytes = 8 * 1024 ** 3;'],
  ['reference/variables', '(default: 20 min)', `${engine}/operations/retry.ts`, 'RetryForMs = 20 * 60 * 1000;'],
  ['reference/variables', '(default: 60 s)', 'packages/core/src/http/exchange.ts', 'defaultTimeoutMs = 60_000;'],
] as const;

test.each(numbers)('%s: "%s" agrees with the code', (page, words, path, code) => {
  expect(read(`docs/${page}.md`).replaceAll(/\s+/g, ' ').includes(words), `docs/${page}.md has no "${words}"`).toBe(
    true,
  );
  // Not `toContain`, which would print the whole file.
  expect(read(path).includes(code), `${path} has no "${code}"`).toBe(true);
});
