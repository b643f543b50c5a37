import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { issueToken } from '@backup-sync/core';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, examples, type RunningServer, startServer, temporaryDirectory } from '../testing.ts';
import { runInProcess } from '../testing-in-process.ts';

const longName = 'nightly-backup-of-the-accounting-database-disk-on-the-east-site';
const wideName = '每夜备份-東京-데이터베이스-디스크';
const resourceName = 'accounting-database-disk-of-the-east-site';

let home: Awaited<ReturnType<typeof temporaryDirectory>>;
let server: RunningServer;
let environment: Record<string, string>;

/** The output at a terminal of 80 columns and in a pipe. */
const atTerminal = (...args: string[]) => runInProcess(args, { environment, columns: 80 });
const inPipe = (...args: string[]) => runInProcess(args, { environment });

/** A catalogue with long names only. */
beforeAll(async () => {
  home = await temporaryDirectory();
  const password = 'a password of the test';
  const storage = `file:${join(examples, 'buckets')}`;
  server = await startServer(join(home.path, 'data'), storage, { BACKUP_SYNC_ADMIN_PASSWORD: password });
  const { endpoint, projectId } = server;
  const { token } = await issueToken(endpoint, { user: 'admin', password });
  environment = {
    BACKUP_SYNC_ENDPOINT: endpoint,
    BACKUP_SYNC_TOKEN: token,
    BACKUP_SYNC_PROJECT: projectId,
    BACKUP_SYNC_NEW_PASSWORD: password,
  };
  const { sync } = JSON.parse(await readFile(join(examples, 'sync-request.json'), 'utf8'));
  const named = sync.map((item: object, index: number) => ({
    ...item,
    backup_name: index === 0 ? wideName : `${longName.slice(0, 62)}-${index}`,
    resource_name: resourceName,
  }));
  const synced = await runInProcess(['sync', '-', '--json'], { environment, input: JSON.stringify({ sync: named }) });
  expect(synced.code, synced.messages).toBe(3);
  const place = 'volumebackups/volume_fce0b9df-75b4-4611-8f84-82b3da12f14c';
  for (const command of [
    ['sources', 'add', place, '--name', longName],
    ['users', 'create', 'an-administrator-with-a-long-name'],
    ['roles', 'grant', 'an-administrator-with-a-long-name', 'administrator', 'default'],
    ['buckets', 'grant', place, 'default'],
    ['access-keys', 'create', 'an-administrator-with-a-long-name', 'default'],
  ]) {
    const ended = await inPipe(...command);
    expect(ended.code, ended.messages).toBe(0);
  }
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function expectToFit({ code, output, messages }: Ended): void {
  expect(code, messages).toBe(0);
  for (const line of output.split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(80);
}

/** The cells of a column, with wrapped lines joined. */
function columnOf(output: string, heading: string): string {
  const [headings = '', ...lines] = output.split('\n');
  const start = headings.indexOf(heading);
  const end = start + (/^\S+(?: \S+)* */.exec(headings.slice(start))?.[0].length ?? 0);
  return lines.map((line) => line.slice(start, end).trim()).join('');
}

describe('at 80 columns', () => {
  test('backups list keeps name, resource, status, level and time, and leaves out the id first', async () => {
    const shown = await atTerminal('backups', 'list');
    expectToFit(shown);
    expect(shown.output).toMatch(/^NAME +RESOURCE +STATUS +LEVEL +TAKEN \(UTC\)\n/);
    expect(columnOf(shown.output, 'NAME')).toContain(`${longName.slice(0, 62)}-4`);
    expect(columnOf(shown.output, 'RESOURCE')).toContain(resourceName);
    expect(shown.output.replaceAll(/\s/g, '')).toContain(wideName.slice(0, 6));
    expect(shown.messages).toContain(
      'No room for BYTES, ID: use a wider terminal, a pipe or --json to see everything.',
    );
  });

  test('operations list keeps the reason of a failure', async () => {
    const shown = await atTerminal('operations', 'list');
    expectToFit(shown);
    expect(shown.output).toMatch(/^BACKUP OR BUCKET +KIND +STATUS +ACCEPTED \(UTC\) +RESULT\n/);
    expect(shown.output).toMatch(/ import +failed .* object_missing/);
  });

  test('audit list shows as many subjects of a call as fit', async () => {
    const shown = await atTerminal('audit', 'list');
    expectToFit(shown);
    expect(shown.output).toMatch(/syncBackups .*…/);
  });

  test('nodes list shows the server, what it does, and its running operations', async () => {
    const shown = await atTerminal('nodes', 'list');
    expectToFit(shown);
    expect(shown.output).toMatch(/^NODE +ROLE +VERSION +STARTED \(UTC\) +RUNNING\n/);
    expect(shown.output).toContain('calls, work');
    const piped = await inPipe('nodes', 'list', '--json');
    const { nodes } = JSON.parse(piped.output);
    expect(nodes).toMatchObject([{ process_id: server.process.pid, serves: true, works: true, operations: [] }]);
    expect(nodes[0].version).toMatch(/^\d+\.\d+\.\d+/);
  });

  test.each([
    [['sources', 'list']],
    [['users', 'list']],
    [['projects', 'list']],
    [['buckets', 'list']],
    [['access-keys', 'list']],
    [['plan', '--bucket', 'vmware-backups', '--path-template', '{plan_id}/{resource_id}/{backup_id}']],
  ])('%j fits', async (command) => expectToFit(await atTerminal(...command)));
});

test('a source shows its durations as they are typed', async () => {
  expect((await inPipe('sources', 'edit', longName, '--interval', '90m', '--reverify-after', '7d')).output).toMatch(
    /^interval +90m\nreverify after +7d\nremoval share +0.2\nincomplete after +24h$/m,
  );
});

test('a noun agrees with its number', async () => {
  const scanned = await inPipe('scan', 'vmware-backups', '--path-template', '{plan_id}/{resource_id}/{backup_id}');
  expect(scanned.messages).toContain('the listing is complete: 2 objects, 1 backup, 0 with a problem');
  const { sync } = JSON.parse(await readFile(join(examples, 'sync-request.json'), 'utf8'));
  const checked = await runInProcess(['sync', '-', '--dry-run'], { environment, input: JSON.stringify([sync[0]]) });
  expect(checked.output).toContain('1 item is valid');
});

test('a shell completes names and ids of the catalogue, and nothing if the catalogue does not answer', async () => {
  const completed = async (...words: string[]) =>
    (await inPipe('complete', '--', ...words)).output.split('\n').slice(1, -1);
  expect(await completed('sources', 'show', '')).toEqual([
    `${longName}\tvolumebackups/volume_fce0b9df-75b4-4611-8f84-82b3da12f14c`,
  ]);
  expect(await completed('verify', '')).toHaveLength(10);
  expect(await completed('backups', 'delete', '')).toHaveLength(5);
  expect(await completed('backups', 'rename', 'night')).toContainEqual(
    expect.stringMatching(/^nightly-.*\t[0-9a-f-]+$/),
  );
  expect(await completed('verify', 'e4928728')).toEqual([expect.stringMatching(/^e4928728-[0-9a-f-]+\t/)]);
  expect(await completed('operations', 'show', '')).toContainEqual(expect.stringMatching(/\timport of .*: failed$/));
  expect(await completed('--endpoint', 'http://127.0.0.1:9', 'sources', 'show', '')).toEqual([]);
});

describe('in a pipe', () => {
  test('each row is one complete line, without padding to the longest row', async () => {
    const [audited, listed] = [await inPipe('audit', 'list'), await inPipe('backups', 'list')];
    const lines = audited.output.trimEnd().split('\n');
    const content = (line: string) => line.replaceAll(/ {2,}/g, '  ').length;
    const longest = Math.max(...lines.map(content));
    expect(longest).toBeGreaterThan(200);
    for (const line of lines) if (content(line) < longest) expect(line.length).toBeLessThan(longest);
    expect(lines.filter((line) => line.endsWith(' '))).toEqual([]);
    expect(listed.output.trimEnd().split('\n')).toHaveLength(6);
    // The result is the longest column, so it comes last.
    const operations = (await inPipe('operations', 'list')).output;
    expect(operations).toMatch(/^BACKUP OR BUCKET +KIND +STATUS +ACCEPTED \(UTC\) +ID +RESULT$/m);
    expect(listed.output).toMatch(new RegExp(`^${wideName} .* [0-9a-f-]{36}$`, 'm'));
    expect(audited.messages + listed.messages).not.toContain('No room');
  });
});

test('audit list keeps the code of a refusal whole at 80 columns', async () => {
  const refused = await atTerminal('access-keys', 'disable', 'UNKNOWN');
  expect(refused.code).toBe(1);
  const shown = await atTerminal('audit', 'list', '--outcome', 'refused');
  expectToFit(shown);
  expect(shown.output).toMatch(/ access_key_not_found( |$)/m);
});
