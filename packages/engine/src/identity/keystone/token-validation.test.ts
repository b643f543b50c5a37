import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { keystoneToken } from '@backup-sync/contracts';
import { expect, test } from 'vitest';
import { startKeystone } from '../../testing/keystone-server.ts';
import { TestClock } from '../../testing/test-clock.ts';
import { tokenMaxLength } from '../token-length.ts';
import type { KeystoneOptions } from './keystone-options.ts';
import { TokenValidation } from './token-validation.ts';

const minutesMs = 60_000;

async function open(changes: Partial<KeystoneOptions> = {}) {
  const clock = new TestClock();
  const keystone = await startKeystone(clock);
  const faults: unknown[] = [];
  const validation = new TokenValidation({ ...keystone.options, ...changes }, clock, (error) => faults.push(error));
  return { clock, keystone, faults, validation, [Symbol.asyncDispose]: () => keystone[Symbol.asyncDispose]() };
}

const member = { name: 'ada', projectId: 'p1', roles: ['member', 'other'] };

test('a valid token gives its user the highest of its roles that is mapped here', async () => {
  await using opened = await open();
  const { keystone, validation } = opened;
  keystone.tokens.set('good', member);
  keystone.tokens.set('both', { ...member, roles: ['reader', 'admin'] });
  keystone.tokens.set('none', { ...member, roles: ['other'] });
  expect((await validation.validate('good'))?.opens).toEqual({
    caller: { kind: 'user', name: 'ada', projectId: 'p1', role: 'operator' },
    project: { id: 'p1', name: 'name of p1', domain: { id: 'default', name: 'Default' } },
  });
  expect((await validation.validate('both'))?.opens?.caller.role).toBe('administrator');
  expect(await validation.validate('none')).toMatchObject({ opens: null, refusal: { code: 'role_not_allowed' } });
});

test('two users of different domains never have the same name', async () => {
  await using opened = await open();
  const { keystone, validation } = opened;
  const users = [
    { name: 'ada' },
    { name: 'ada', domain: 'corp' },
    { name: 'ada@corp' },
    { name: 'ada', domain: 'corp@Default' },
    { name: 'ada', domain: 'corp%40Default' },
    { name: 'ada@corp', domain: 'corp' },
  ];
  const names: (string | undefined)[] = [];
  for (const [index, user] of users.entries()) {
    keystone.tokens.set(String(index), { ...member, ...user });
    names.push((await validation.validate(String(index)))?.opens?.caller.name);
  }
  expect(names.slice(0, 3)).toEqual(['ada', 'ada@corp', 'ada@corp@Default']);
  expect(new Set(names).size).toBe(users.length);
});

test('a token that Keystone does not know gives no access', async () => {
  await using opened = await open();
  expect(await opened.validation.validate('garbage')).toBeNull();
  expect(opened.faults).toEqual([]);
});

test('a token without a project, or with access rules, is refused with the reason, from the cache too', async () => {
  await using opened = await open();
  const { keystone, validation } = opened;
  const rule = { service: 'cbr', path: '/v3/*/backups', method: 'GET' };
  keystone.tokens.set('unscoped', { ...member, projectId: null });
  keystone.tokens.set('restricted', { ...member, accessRules: [rule] });
  keystone.tokens.set('restricted to nothing', { ...member, accessRules: [] });
  for (const [token, code] of [
    ['unscoped', 'token_without_project'],
    ['restricted', 'token_restricted'],
    ['restricted to nothing', 'token_restricted'],
  ] as const) {
    for (let time = 0; time < 2; time += 1) {
      expect(await validation.validate(token), token).toMatchObject({ opens: null, refusal: { code } });
    }
    expect(keystone.asked.filter((each) => each === `validate ${token}`)).toHaveLength(1);
  }
  expect(opened.faults).toEqual([]);
});

test('Keystone is not asked about a string too long to be a token', async () => {
  await using opened = await open();
  const { keystone, validation } = opened;
  for (const [length, asked] of [
    [tokenMaxLength, 1],
    [tokenMaxLength + 1, 0],
  ] as const) {
    const token = 't'.repeat(length);
    keystone.tokens.set(token, member);
    expect((await validation.validate(token)) !== null).toBe(asked === 1);
    expect(keystone.asked.filter((each) => each === `validate ${token}`)).toHaveLength(asked);
  }
});

test('a valid token is checked once in five minutes, however many callers wait; an invalid one each time', async () => {
  await using opened = await open();
  const { clock, keystone, validation } = opened;
  keystone.tokens.set('good', member);
  await Promise.all(Array.from({ length: 20 }, () => validation.validate('good')));
  expect(keystone.asked).toEqual(['issue', 'validate good']);
  keystone.tokens.delete('good');
  clock.timeMs += 5 * minutesMs;
  expect(await validation.validate('good')).not.toBeNull();
  // If the wall clock counted, setting it back would keep a revoked token for that long.
  clock.step(-60 * minutesMs);
  clock.timeMs += 1;
  expect(await validation.validate('good')).toBeNull();
  expect(await validation.validate('good')).toBeNull();
  expect(keystone.asked.filter((each) => each === 'validate good')).toHaveLength(3);
});

test('a cached token expires with the token, even before its time in the cache is over', async () => {
  await using opened = await open();
  const { clock, keystone, validation } = opened;
  const endsAtMs = clock.timeMs + 2 * minutesMs;
  keystone.tokens.set('good', { ...member, expiresAt: new Date(endsAtMs).toISOString().replace('Z', '000Z') });
  expect(await validation.validate('good')).toMatchObject({ expiresAtMs: endsAtMs });
  keystone.failWith(500);
  clock.timeMs = endsAtMs - 1;
  expect(await validation.validate('good')).not.toBeNull();
  clock.timeMs = endsAtMs;
  expect(await validation.validate('good')).toBeNull();
});

test('a token whose times cannot be read gives no access', async () => {
  await using opened = await open();
  opened.keystone.tokens.set('odd', { ...member, expiresAt: 'some day' });
  await expect(opened.validation.validate('odd')).rejects.toMatchObject({ code: 'unavailable' });
});

test('a token of the service that Keystone no longer knows is renewed, and the caller gets no error', async () => {
  await using opened = await open();
  const { keystone, validation } = opened;
  keystone.tokens.set('one', member);
  keystone.tokens.set('two', member);
  expect(await validation.validate('one')).not.toBeNull();
  keystone.forgetService();
  expect(await validation.validate('two')).not.toBeNull();
  expect(keystone.asked).toEqual(['issue', 'validate one', 'issue', 'validate two']);
});

test('the token of the service is renewed before its end', async () => {
  await using opened = await open();
  const { clock, keystone, validation } = opened;
  keystone.tokens.set('good', member);
  await validation.validate('good');
  clock.step(-60 * minutesMs);
  clock.timeMs += 55 * minutesMs;
  await validation.validate('good');
  expect(keystone.asked.filter((each) => each === 'issue')).toHaveLength(2);
});

test('a short-lived token of the service is renewed late in its life, not for each caller', async () => {
  await using opened = await open();
  const { clock, keystone, validation } = opened;
  keystone.issueFor(4 * minutesMs);
  const issuesAfter = async (passedMs: number) => {
    clock.timeMs += passedMs;
    await validation.validate('unknown');
    return keystone.asked.filter((each) => each === 'issue').length;
  };
  expect(await issuesAfter(0)).toBe(1);
  expect(await issuesAfter(3.5 * minutesMs)).toBe(1);
  expect(await issuesAfter(0.1 * minutesMs)).toBe(2);
});

test('another fault within the minute is reported too, each with its cause', async () => {
  await using opened = await open();
  const { keystone, validation, faults } = opened;
  for (const status of [500, 403, 500, 403]) {
    keystone.failWith(status);
    await expect(validation.validate('good')).rejects.toMatchObject({ code: 'unavailable' });
  }
  expect(faults).toMatchObject([
    { cause: { message: expect.stringMatching(/answers 500$/) } },
    { cause: { message: expect.stringContaining('answers 403 to the user backup-sync') } },
  ]);
});

test('nobody can log in while Keystone is silent or refuses this service; it is reported once a minute', async () => {
  await using away = await open();
  away.keystone.tokens.set('good', member);
  for (const status of [500, 503, 429]) {
    away.keystone.failWith(status);
    await expect(away.validation.validate('good')).rejects.toMatchObject({ code: 'unavailable' });
  }
  expect(away.faults).toHaveLength(1);
  away.clock.timeMs += minutesMs;
  await away.keystone[Symbol.asyncDispose]();
  await expect(away.validation.validate('good')).rejects.toMatchObject({ code: 'unavailable' });
  expect(away.faults).toHaveLength(2);

  await using unknown = await open({ password: 'wrong' });
  unknown.keystone.tokens.set('good', member);
  await expect(unknown.validation.validate('good')).rejects.toMatchObject({
    code: 'unavailable',
    message: 'the identity service refuses the credentials of this service',
  });
  expect(JSON.stringify(unknown.faults)).not.toContain('wrong');
});

test('a service that Keystone refuses asks again after 30 seconds, however many callers come', async () => {
  await using opened = await open({ password: 'wrong' });
  const { clock, keystone, validation } = opened;
  const refused = () => expect(validation.validate('good')).rejects.toMatchObject({ code: 'unavailable' });
  for (let caller = 0; caller < 5; caller += 1) await refused();
  expect(keystone.asked).toEqual(['issue']);
  clock.timeMs += minutesMs / 2;
  await refused();
  expect(keystone.asked).toEqual(['issue', 'issue']);
});

test('a service whose new token is not known does not fetch one for each caller', async () => {
  await using opened = await open();
  const { keystone, validation } = opened;
  keystone.neverKnowService();
  for (let caller = 0; caller < 5; caller += 1) {
    await expect(validation.validate('good')).rejects.toMatchObject({ code: 'unavailable' });
  }
  expect(keystone.asked).toEqual(['issue', 'issue']);
});

test('a long token that the web server of Keystone refuses is invalid, and no fault of this service', async () => {
  await using opened = await open();
  const { keystone, validation, faults } = opened;
  keystone.tokens.set('good', member);
  await validation.validate('good');
  for (const status of [400, 431]) {
    keystone.failWith(status);
    expect(await validation.validate('t'.repeat(9000))).toBeNull();
    expect(faults).toEqual([]);
    await expect(validation.validate('short')).rejects.toMatchObject({ code: 'unavailable' });
    faults.length = 0;
  }
});

const recording = fileURLToPath(
  new URL('../../../../../../shared/fixtures/keystone/exchanges.ndjson', import.meta.url),
);
test.skipIf(!existsSync(recording))('the answers of a genuine Keystone are read', () => {
  const exchanges = readFileSync(recording, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const bodyOf = (name: string) => JSON.parse(exchanges.find((each) => each.name === name).response.body);
  const scoped = keystoneToken.parse(bodyOf('validate without catalogue')).token;
  expect(scoped).toMatchObject({ user: { name: 'admin' }, project: { name: 'admin' } });
  expect(scoped.roles?.map(({ name }) => name)).toContain('admin');
  expect(keystoneToken.parse(bodyOf('validate unscoped')).token.project).toBeUndefined();
  expect(keystoneToken.parse(bodyOf('service token')).token.expires_at).toBe('2026-11-23T13:59:42.000000Z');
});
