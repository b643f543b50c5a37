import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Ended, run, temporaryDirectory } from './testing.ts';
import { startHttpServer } from './testing-servers.ts';

/**
 * Sets a title, colours, reverses the text direction, opens a C1 sequence, clears the screen, and has invisible tags.
 */
const steering = '\u001b]0;title\u0007\u001b[31mred\u202e\u009b31m\u001b[2J\u{e0041}';
/** All characters that control a terminal, except line ends. */
const steers = /(?!\n)[\p{Cc}\p{Cf}]/u;

/** A server whose every answer contains terminal control characters. */
async function startHostileServer() {
  return await startHttpServer((request, response) => {
    response.setHeader('Content-Type', 'application/json');
    if (request.url?.startsWith('/v3/auth/tokens')) {
      const token = { issued_at: '2026-01-01T00:00:00Z', expires_at: '2036-01-01T00:00:00Z' };
      response.writeHead(201, { 'X-Subject-Token': 'a-token' });
      response.end(JSON.stringify({ token: { ...token, project: { id: `p${steering}` } } }));
      return;
    }
    response.writeHead(404);
    response.end(JSON.stringify({ error_code: 'BackupSync.1009', error_msg: `no such backup ${steering}` }));
  });
}

function expectHarmless({ output, messages }: Ended): void {
  expect(output).not.toMatch(steers);
  expect(messages).not.toMatch(steers);
}

describe('control characters do not reach the terminal', () => {
  const environment = { BACKUP_SYNC_TOKEN: 'a-token', BACKUP_SYNC_PROJECT: 'p', BACKUP_SYNC_PASSWORD: 'a-password' };

  test.each([{ flags: [] }, { flags: ['--json'] }])('from the answers of a server, with $flags', async ({ flags }) => {
    await using server = await startHostileServer();
    await using home = await temporaryDirectory();
    const at = ['--endpoint', server.endpoint, ...flags];
    const shown = await run(['backups', 'show', 'an-id', ...at], { environment });
    expect(shown.messages).toContain('no such backup');
    const token = await run(['token', ...at], { environment });
    expect(token.output).toContain('a-token');
    const loginEnvironment = { BACKUP_SYNC_PASSWORD: 'a-password', XDG_CONFIG_HOME: home.path };
    const login = await run(['login', ...at], { environment: loginEnvironment });
    expect(login.code, login.messages).toBe(0);
    for (const ended of [shown, token, login]) expectHarmless(ended);
    if (flags.length > 0) expect(JSON.parse(token.output).project_id).toBe(`p${steering}`);
  });

  test('from the arguments of the command', async () => {
    await using home = await temporaryDirectory();
    const local = ['--data-dir', join(home.path, 'data'), '--storage', `file:${home.path}`];
    for (const args of [['sync', steering, ...local], [steering], ['backups', 'list', `--${steering}`]]) {
      const ended = await run(args);
      expect(ended.code).toBe(1);
      expect(ended.messages).toContain('red');
      expectHarmless(ended);
    }
  });
});

test('colours are added after the text is cleaned', async () => {
  const { messages } = await run(['backups', 'list', '--endpoint', `ftp://${steering}`], {
    environment: { FORCE_COLOR: '1', BACKUP_SYNC_TOKEN: 'a-token', BACKUP_SYNC_PROJECT: 'p' },
  });
  expect(messages).toContain('\u001b[31merror:\u001b[39m ');
  expect(messages.replace('\u001b[31m', '').replace('\u001b[39m', '')).not.toMatch(steers);
});
