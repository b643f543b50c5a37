import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeAcceptance, makeItem, operationFilter } from '../fixtures-for-conformance.ts';
import { migrate } from '../migrate.ts';
import { type Connection, connect } from './connection.ts';
import { runGroup } from './run-steps.ts';
import { StepsInPlace } from './steps-in-place.ts';

let root: string;
let connection: Connection;
let catalogue: StepsInPlace;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'backup-sync-full-'));
  connection = connect(join(root, 'catalogue.sqlite'), 'write');
  catalogue = new StepsInPlace(connection);
  await migrate(connection.database);
});
afterEach(async () => {
  await catalogue.close();
  rmSync(root, { recursive: true });
});

/** Lets the database grow by this many pages only, as if its disk had no more. */
function limitGrowth(pages: number): void {
  const used = Number(connection.sqlite.prepare('PRAGMA page_count').get()?.page_count);
  connection.sqlite.exec(`PRAGMA max_page_count = ${used + pages}`);
}

const accept = (backupId: string) => makeAcceptance('project-1', [makeItem(backupId)]);
const full = { name: 'CatalogueFullError', message: expect.stringContaining('is full. Free space on it.') };

test('a write without disk space is undone completely, earlier ones stay, and it works with space', async () => {
  limitGrowth(4);
  const kept: string[] = [];
  let refusal: unknown = null;
  while (refusal === null) {
    try {
      kept.push(...(await catalogue.call('accept', [accept(`backup-${kept.length}`)], null, null)).ids);
    } catch (error) {
      refusal = error;
    }
  }
  expect(refusal).toMatchObject(full);
  const listed = () => catalogue.call('listOperationLogs', [operationFilter('project-1')], null, null);
  expect(await listed()).toMatchObject({ count: kept.length });
  limitGrowth(100);
  kept.push(...(await catalogue.call('accept', [accept('another')], null, null)).ids);
  expect(await listed()).toMatchObject({ count: kept.length });
});

test('lookups of tokens and access keys succeed next to a write that finds no disk space', async () => {
  limitGrowth(0);
  const large = makeAcceptance(
    'project-1',
    Array.from({ length: 100 }, (_, index) => makeItem(`backup-${index}`)),
  );
  const answers = await runGroup(connection, [
    { id: 1, step: 'findToken', input: ['none', 0], event: null, fence: null },
    { id: 2, step: 'accept', input: [large], event: null, fence: null },
    { id: 3, step: 'seekSigner', input: ['none'], event: null, fence: null },
  ]);
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  expect(byId.get(2)).toMatchObject({ error: { name: full.name } });
  expect(byId.get(1)).toEqual({ id: 1, value: null });
  expect(byId.get(3)).toMatchObject({ value: { role: '' } });
});

test('writes without disk space fail alone or with their group, and no undone write is reported as done', async () => {
  limitGrowth(2);
  const requests = Array.from({ length: 100 }, (_, index) => ({
    id: index,
    step: 'accept' as const,
    input: [accept(`backup-${index}`)],
    event: null,
    fence: null,
  }));
  const answers = await runGroup(connection, requests);
  const answered = answers.filter((answer) => 'value' in answer);
  expect(answered.length).toBeLessThan(requests.length);
  expect(await catalogue.call('listOperationLogs', [operationFilter('project-1')], null, null)).toMatchObject({
    count: answered.length,
  });
});
