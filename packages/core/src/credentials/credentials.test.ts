import { describe, expect, test } from 'vitest';
import { sha256Hex, signature } from '../signing/signature.ts';
import { clockedRuntime } from '../testing/clocked-runtime.ts';
import { type Reply, type Seen, startService } from '../testing/service.ts';
import { accepting, cloudBackup, item } from '../testing/wire.ts';
import { issueToken } from './issue-token.ts';
import { projectsOfKey } from './projects-of-key.ts';

const hourMs = 3_600_000;
const user = { user: 'u', password: 'pw', domain: 'd' };

/** Issues `t1`, `t2`, … for an hour each. Accepts the tokens in `valid` only; all if it is omitted. */
function identityService(valid: (token: string) => boolean = () => true) {
  let issued = 0;
  return ({ url, headers }: Seen): Reply => {
    if (url.endsWith('/v3/auth/tokens')) {
      issued += 1;
      return {
        status: 201,
        headers: { 'X-Subject-Token': `t${issued}` },
        body: {
          token: {
            // By another clock than the caller's.
            issued_at: '2020-11-23T12:00:00.000000Z',
            expires_at: '2020-11-23T13:00:00.000000Z',
            project: { id: 'p/1', name: 'one' },
            catalog: [{ type: 'cbr', endpoints: [] }],
          },
        },
      };
    }
    if (!valid(String(headers['x-auth-token']))) return { status: 401, body: { error: { message: 'go away' } } };
    return { body: { backup: cloudBackup('b') } };
  };
}

const tokensUsed = (seen: readonly Seen[]) => seen.flatMap(({ headers }) => headers['x-auth-token'] ?? []);

describe('a user with password', () => {
  test('gets one token for many calls, scoped to the project', async () => {
    await using service = await startService(identityService());
    const { calls } = service.client({ credentials: user });
    await Promise.all(Array.from({ length: 20 }, () => calls.showBackup({ backup_id: 'b' })));
    expect(new Set(tokensUsed(service.seen))).toEqual(new Set(['t1']));
    const [first, ...rest] = service.seen;
    expect(rest.every(({ url }) => !url.endsWith('tokens'))).toBe(true);
    expect(JSON.parse(first?.body ?? '')).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'u', password: 'pw', domain: { name: 'd' } } },
        },
        scope: { project: { id: 'p/1' } },
      },
    });
  });

  test('gets a new token before the old one expires, by the lifetime that the service gave it', async () => {
    const runtime = clockedRuntime();
    await using service = await startService(identityService());
    const { calls } = service.client({ credentials: user }, runtime);
    for (const passedMs of [0, 0.9 * hourMs, 0.04 * hourMs]) {
      runtime.pass(passedMs);
      // This machine's wall clock does not matter.
      runtime.step(-24 * hourMs);
      await calls.showBackup({ backup_id: 'b' });
    }
    expect(tokensUsed(service.seen)).toEqual(['t1', 't1', 't2']);
  });

  test('gets one new token for all calls when the current one is refused', async () => {
    let revoked = false;
    await using service = await startService(identityService((token) => !(revoked && token === 't1')));
    const { calls } = service.client({ credentials: user });
    await calls.showBackup({ backup_id: 'b' });
    revoked = true;
    await Promise.all(Array.from({ length: 10 }, () => calls.showBackup({ backup_id: 'b' })));
    expect(service.seen.filter(({ url }) => url.endsWith('tokens')).length).toBe(2);
  });

  test('gets the error when the new token is refused too', async () => {
    await using service = await startService(identityService(() => false));
    const { calls } = service.client({ credentials: user });
    await expect(calls.showBackup({ backup_id: 'b' })).rejects.toMatchObject({ code: 'not_authenticated' });
    expect(tokensUsed(service.seen)).toEqual(['t1', 't2']);
  });

  test('may use another identity service, and the error names it if it fails', async () => {
    await using identity = await startService(() => ({ status: 401, body: { error: { message: 'wrong password' } } }));
    await using service = await startService(identityService());
    const { calls } = service.client({ credentials: { ...user, identityEndpoint: `${identity.endpoint}/v3` } });
    await expect(calls.showBackup({ backup_id: 'b' })).rejects.toMatchObject({
      code: 'not_authenticated',
      message: 'wrong password',
    });
    expect(identity.seen.map(({ url }) => url)).toEqual(['/v3/auth/tokens']);
    expect(service.seen).toEqual([]);
  });

  test('aborting one call while a token is fetched does not stop the others', async () => {
    const stopping = new AbortController();
    const reason = new Error('the window was closed');
    const reply = identityService();
    await using service = await startService(async (call) => {
      if (call.url.endsWith('tokens')) stopping.abort(reason);
      return reply(call);
    });
    const { calls } = service.client({ credentials: user });
    const aborted = calls.showBackup({ backup_id: 'b' }, { signal: stopping.signal });
    const other = calls.showBackup({ backup_id: 'b' });
    await expect(aborted).rejects.toBe(reason);
    expect((await other).backup.id).toBe('b');
    expect(tokensUsed(service.seen)).toEqual(['t1']);
  });
});

test('a call with a refused token is not retried', async () => {
  await using service = await startService(() => ({ status: 401, body: {} }));
  const { calls } = service.client();
  await expect(calls.showBackup({ backup_id: 'b' })).rejects.toMatchObject({ code: 'not_authenticated' });
  expect(service.seen.length).toBe(1);
});

test.each([
  [{ token: 'secret-1\nsecret-2' }, 'x-auth-token'],
  [{ token: 'secret-\u{1f511}' }, 'x-auth-token'],
  [{ accessKey: 'AK\u007f', secretKey: 'secret' }, 'authorization'],
  [{ accessKey: 'AK', secretKey: 'secret', securityToken: 'secret\r\nX-More: 1' }, 'x-security-token'],
])('credentials that no header can have are refused and not repeated: %j', async (credentials, header) => {
  await using service = await startService(() => ({ body: { backup: cloudBackup('b') } }));
  const call = service.client({ credentials }).calls.showBackup({ backup_id: 'b' });
  const error = await call.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'invalid_request', message: expect.stringContaining(header) });
  expect(String(error)).not.toContain('secret');
  expect(service.seen).toEqual([]);
});

test('a line break after a token, as at the end of a file, is not sent', async () => {
  await using service = await startService(() => ({ body: { backup: cloudBackup('b') } }));
  await service.client({ credentials: { token: 't\n' } }).calls.showBackup({ backup_id: 'b' });
  expect(tokensUsed(service.seen)).toEqual(['t']);
});

test('an access key pair signs the request that is sent, and sends no token', async () => {
  await using service = await startService((call) =>
    call.method === 'POST' ? accepting(call) : { body: { backups: [] } },
  );
  const { calls } = service.client({ credentials: { accessKey: 'AK', secretKey: 'SK' } });
  await calls.syncBackups({ sync: [{ ...item('备份'), resource_name: "a 'b' (c)!*~" }] });
  await calls.listBackups({ name: "a b+'(c)!*~备", sort: 'name:asc' });
  expect(service.seen.length).toBe(2);
  for (const { method, url, headers, body } of service.seen) {
    expect(headers['x-auth-token']).toBeUndefined();
    expect(headers['x-project-id']).toBe('p/1');
    const [, names = '', signed] =
      /^SDK-HMAC-SHA256 Access=AK, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(String(headers.authorization)) ?? [];
    expect(names.split(';')).toEqual(expect.arrayContaining(['host', 'x-sdk-date', 'x-project-id']));
    const request = {
      method,
      target: url,
      headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as const),
      signedHeaders: names.split(';'),
      bodyHash: await sha256Hex(body),
    };
    expect(await signature('SK', String(headers['x-sdk-date']), request)).toBe(signed);
  }
});

describe('issueToken', () => {
  test('returns the token from the header, its project and its expiry', async () => {
    await using service = await startService(identityService());
    expect(await issueToken(service.endpoint, { user: 'u', password: 'pw' })).toEqual({
      token: 't1',
      projectId: 'p/1',
      expiresAtMs: Date.UTC(2020, 10, 23, 13),
    });
    expect(JSON.parse(service.seen[0]?.body ?? '').auth).not.toHaveProperty('scope');
  });

  test('exchanges a token for a new one', async () => {
    await using service = await startService(identityService());
    await issueToken(service.endpoint, { token: 'old' });
    expect(JSON.parse(service.seen[0]?.body ?? '')).toEqual({
      auth: { identity: { methods: ['token'], token: { id: 'old' } } },
    });
  });

  test('refuses an answer without a token or its project', async () => {
    await using service = await startService(() => ({ status: 201, body: { token: {} } }));
    await expect(issueToken(service.endpoint, { user: 'u', password: 'pw' })).rejects.toMatchObject({
      code: 'unexpected_answer',
    });
  });
});

describe('projectsOfKey', () => {
  const key = { accessKey: 'AK', secretKey: 'SK' };

  test('signs its request without a project, and returns the projects of a key', async () => {
    await using service = await startService(() => ({ body: { projects: [{ id: 'p', name: 'one', tags: [] }] } }));
    expect(await projectsOfKey(service.endpoint, key)).toEqual([{ id: 'p', name: 'one' }]);
    expect(service.seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET /v3/projects']);
    expect(service.seen[0]?.headers.authorization).toMatch(/^SDK-HMAC-SHA256 Access=AK, /);
    expect(service.seen[0]?.headers).not.toHaveProperty('x-project-id');
  });

  test('fails if the key is refused or the answer is something else', async () => {
    await using refusing = await startService(() => ({ status: 401, body: {} }));
    await expect(projectsOfKey(refusing.endpoint, key)).rejects.toMatchObject({ code: 'not_authenticated' });
    await using other = await startService(() => ({ body: {} }));
    await expect(projectsOfKey(other.endpoint, key)).rejects.toMatchObject({ code: 'unexpected_answer' });
  });
});
