import { createServer } from 'node:http';
import { toWireTime } from '@backup-sync/contracts';
import { describe, expect, test } from 'vitest';
import { createProgram } from './program.ts';
import { runInProcess } from './testing-in-process.ts';

const pageMax = 1000;

/** A server with this many resources that answers only pages of them, and finds no backup by a name. */
async function serveResources(count: number) {
  const asked: string[] = [];
  const ids = Array.from({ length: count }, (_, index) => `vm-${String(index).padStart(6, '0')}`);
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    asked.push(`${request.method} ${url.pathname}`);
    if (url.pathname === '/v3/p/backups') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ backups: [], count: 0 }));
      return;
    }
    if (url.pathname !== '/v1/projects/p/resources') {
      response.writeHead(404).end();
      return;
    }
    const marker = url.searchParams.get('marker') ?? '';
    const resources = ids
      .filter((id) => id > marker && id === (url.searchParams.get('resource_id') ?? id))
      .slice(0, pageMax)
      .map((id) => ({
        resource_id: id,
        resource_name: id,
        backups: 5000,
        proved_backups: 5000,
        newest_proved_backup_id: `backup of ${id}`,
        newest_proved_at: toWireTime(0),
        newest_proved_at_source: id === ids.at(-1) ? 'object' : 'format',
        newest_proved_age_s: id === ids.at(-1) ? 7200 : 3600,
        // Among many, the first is retired. A server of an earlier release has no such field.
        ...(count === 1001 && id === ids[0] && { retired_at: toWireTime(Date.UTC(2026, 2, 1, 2)) }),
      }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ resources, count, limit: pageMax }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    asked,
    environment: {
      BACKUP_SYNC_ENDPOINT: `http://127.0.0.1:${port}`,
      BACKUP_SYNC_TOKEN: 'a-token',
      BACKUP_SYNC_PROJECT: 'p',
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test.each([
  [1, 1],
  [1000, 2],
  [2500, 3],
])('%i resources with 5,000 backups each are checked in %i calls', async (count, calls) => {
  await using server = await serveResources(count);
  const ended = await runInProcess(['check', '--max-age', '26h'], { environment: server.environment });
  expect(ended.output).toMatch(new RegExp(`^OK: ${count} resources? ha.* maximum age ~2 h \\| [^\n]*\n$`));
  expect(ended.code).toBe(0);
  expect(server.asked).toEqual(Array(calls).fill('GET /v1/projects/p/resources'));
  // Monitors cut longer lines.
  expect(ended.output.length).toBeLessThan(4096);
});

test('resources list shows every page, with the same ages as check', async () => {
  await using server = await serveResources(1001);
  const { code, output } = await runInProcess(['resources', 'list'], { environment: server.environment });
  const lines = output.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(lines).toHaveLength(1 + 1001);
  expect(lines[0]).toMatch(/^RESOURCE +BACKUPS +PROVED .* AGE +RETIRED/);
  expect(lines[1]).toMatch(/^vm-000000 .* 60 min +2026-03-01 02:00:00 /);
  expect(lines.at(-1)).toMatch(/^vm-001000 .* ~2 h +- /);
});

test('resources list refuses an order that a server of an earlier release does not know', async () => {
  await using server = await serveResources(1001);
  const { code, output, messages } = await runInProcess(['resources', 'list', '--sort', 'worst'], {
    environment: server.environment,
  });
  expect(messages).toContain('which lists resources only by id: upgrade it, or leave out --sort worst');
  expect({ code, output }).toEqual({ code: 1, output: '' });
});

describe('a check that a monitor reads', () => {
  test('exits by the age limits', async () => {
    await using server = await serveResources(3);
    const figures = "'resources'=3 'critical'=";
    for (const [ages, code, output] of [
      [
        ['--warning', '2h', '--critical', '3h'],
        0,
        `OK: .* ${figures}0 'warning'=0 'retired'=0 'oldest'=7200s;7200;10800;0 `,
      ],
      [
        ['-w', '90m', '-c', '3h'],
        1,
        `WARNING: 1 of 3 resources has no backup .* within 90 min: .*; 2 OK .*'warning'=1 `,
      ],
      [['--critical', '90m'], 2, `CRITICAL: 1 of 3 resources has no backup .* within 90 min: .*; 2 OK .*'critical'=1 `],
      [['--max-age', '90m', '--exclude', 'vm-000002'], 0, 'OK: 2 resources have .*; 1 excluded '],
    ] as const) {
      const ended = await runInProcess(['check', ...ages], { environment: server.environment });
      expect(ended).toMatchObject({
        code,
        output: expect.stringMatching(new RegExp(`^${output}[^\n]*\n$`)),
        messages: '',
      });
    }
  });

  test('reports any failure as UNKNOWN in one line of output', async () => {
    await using server = await serveResources(1);
    const { environment } = server;
    const nobody = { ...environment, BACKUP_SYNC_ENDPOINT: 'http://127.0.0.1:9' };
    const check = ['check', '--max-age', '26h'];
    for (const [args, variables, said] of [
      [['check', '--max-age', '26'], environment, 'such as 90s, 90m, 26h or 7d'],
      [['check'], environment, '--critical'],
      [['check', '--critical'], environment, 'argument missing'],
      [[...check, '--colour'], environment, "unknown option '--colour'"],
      [[...check, 'vm-7'], environment, 'too many arguments'],
      [[...check, '--critical', '20h'], environment, 'cannot be used with'],
      [[...check, '--warning', '27h'], environment, '--warning is above --critical'],
      [[...check, '--min-level', 'high'], environment, 'Allowed choices are'],
      [[...check, '--resource', 'vm|7\n'], environment, 'no backup belongs to a resource "vm¦7'],
      [[...check, '--source', 'x'], environment, 'UNKNOWN: '],
      [check, {}, 'give a data directory'],
      [check, { ...environment, BACKUP_SYNC_TIMEOUT: 'soon' }, 'BACKUP_SYNC_TIMEOUT'],
      [check, { ...environment, AWS_CA_BUNDLE: '/nowhere/ca.pem' }, 'AWS_CA_BUNDLE names'],
      [check, { ...environment, HTTPS_PROXY: 'socks5://proxy:1080' }, 'HTTPS_PROXY must be'],
      [check, nobody, 'does not answer'],
    ] as const) {
      const ended = await runInProcess(args, { environment: variables });
      expect(ended.output, args.join(' ')).toMatch(/^UNKNOWN: [^|\n]+\n$/);
      expect(ended.output).toContain(said);
      expect(ended.code, args.join(' ')).toBe(3);
      const json = await runInProcess([...args, '--json'], { environment: variables });
      expect(JSON.parse(json.output)).toMatchObject({ state: 'UNKNOWN', message: expect.any(String), resources: [] });
      expect(json).toMatchObject({ code: 3, messages: '' });
    }
  });

  test('ends an UNKNOWN line with the number of the error, and has it as code in JSON', async () => {
    const nobody = {
      BACKUP_SYNC_ENDPOINT: 'http://127.0.0.1:9',
      BACKUP_SYNC_TOKEN: 'a-token',
      BACKUP_SYNC_PROJECT: 'p',
    };
    const check = ['check', '--critical', '26h'];
    expect((await runInProcess(check, { environment: nobody })).output).toMatch(/^UNKNOWN: .* \(BackupSync\.1901\)\n$/);
    const { output } = await runInProcess([...check, '--json'], { environment: nobody });
    expect(JSON.parse(output)).toMatchObject({ code: 'BackupSync.1901', message: expect.not.stringContaining('1901') });
  });

  test('is one line at a terminal too', async () => {
    await using server = await serveResources(3);
    for (const args of [
      ['--critical', '90m'],
      ['--critical', '90m', '--resource', 'of a name that is long'.repeat(3)],
    ]) {
      const { output } = await runInProcess(['check', ...args], { environment: server.environment, columns: 40 });
      expect(output).toMatch(/^(?:CRITICAL|UNKNOWN): [^\n]{80,}\n$/);
    }
  });

  test('shows its own exit codes before its options', () => {
    const program = createProgram(
      '0.0.0',
      () => expect.fail('no command is run'),
      () => {},
    );
    let output = '';
    const check = program.commands.find((command) => command.name() === 'check');
    check?.configureOutput({ writeOut: (text) => (output += text) }).outputHelp();
    expect(output.indexOf('3 UNKNOWN')).toBeGreaterThan(0);
    expect(output.indexOf('3 UNKNOWN')).toBeLessThan(output.indexOf('Options:'));
    expect(output).not.toContain('some items failed');
  });
});
