import { randomBytes, randomInt } from 'node:crypto';
import { signedHeaders } from '../../apps/gateway/src/signing-for-tests.ts';
import { adminPassword, startTestGateway, type TestGateway } from '../../apps/gateway/src/testing.ts';
import { TestClock } from '../../packages/engine/src/testing/test-clock.ts';

const hourMs = 60 * 60 * 1000;
const password = 'a password of twelve';

export type RefusalRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
};

/** A request that is refused; a new one is created each time. */
export type RefusalCase = { readonly name: string; readonly request: () => RefusalRequest };

/** Cases that are compared with the first of them. */
export type RefusalGroup = {
  readonly title: string;
  readonly cases: readonly RefusalCase[];
  /** Called before each round. */
  readonly beforeRound: () => void;
};

export type Refusals = AsyncDisposable & { readonly gateway: TestGateway; readonly groups: readonly RefusalGroup[] };

/**
 * Starts a gateway and prepares the cases that it refuses. Its limits are high enough, and its clock is moved past the
 * limits on wrong passwords.
 */
export async function prepareRefusals(): Promise<Refusals> {
  const clock = new TestClock(Date.now());
  const gateway = await startTestGateway({}, { clock });
  const { projectId } = gateway;
  const users = `/v1/projects/${projectId}`;
  const post = async (path: string, body: object = {}) => {
    const { status, body: answer } = await gateway.call('POST', users + path, body);
    if (status >= 300) throw new Error(`${path} answers ${status}: ${answer?.error_msg}`);
    return answer;
  };
  const login = async (name: string, ofUser: string, project = projectId) => {
    const { status, headers } = await gateway.call('POST', '/v3/auth/tokens', credentials(name, ofUser, project));
    if (status !== 201) throw new Error(`${name} could not log in: ${status}`);
    return headers.get('x-subject-token') ?? '';
  };
  const makeUser = async (name: string) => {
    await post('/users', { name, password });
    await post('/roles', { user_name: name, target_project_id: projectId, role: 'operator' });
  };
  const { project } = await post('/projects', { name: 'second' });

  // The expired token first, and the others an hour later: issuing a token removes those that have expired by then.
  for (const name of ['ada', 'disabled', 'roleless']) await makeUser(name);
  const ended = await login('ada', password);
  clock.timeMs += hourMs;
  const ofDisabled = await login('disabled', password);
  const ofRoleless = await login('roleless', password);
  const revoked = await login('ada', password);
  const good = await login('ada', password);
  await post('/roles', { user_name: 'ada', target_project_id: project.id, role: 'operator' });
  const elsewhere = await login('ada', password, project.id);
  const makeKey = async (name: string) => {
    const made = await post('/access-keys', { user_name: name, target_project_id: projectId });
    return { accessKey: made.access_key.access_key, secretKey: made.secret_key };
  };
  const [key, disabledKey, keyOfDisabled] = [await makeKey('ada'), await makeKey('ada'), await makeKey('disabled')];
  await post(`/access-keys/${disabledKey.accessKey}/disable`);
  await post('/users/disabled/disable');
  await gateway.call('DELETE', `${users}/roles?user_name=roleless&target_project_id=${projectId}`);
  await gateway.call('DELETE', '/v3/auth/tokens', undefined, { 'X-Auth-Token': revoked, 'X-Subject-Token': revoked });
  clock.timeMs += 23 * hourMs;
  const admin = { 'X-Auth-Token': good };
  const check = await gateway.call('GET', `/v3/${projectId}/backups`, undefined, admin);
  if (check.status !== 200) throw new Error(`the valid token is refused: ${check.status}`);

  const path = `/v3/${projectId}/backups`;
  const byToken = (name: string, token: () => string): RefusalCase => ({
    name,
    request: () => ({ method: 'GET', path, headers: { 'X-Auth-Token': token() }, body: '' }),
  });
  const bySignature = (name: string, signer: () => { accessKey: string; secretKey: string }): RefusalCase => ({
    name,
    request: () => {
      const signed = { method: 'GET', url: new URL(gateway.endpoint + path), body: '' };
      return { method: 'GET', path, headers: signedHeaders(signer(), signed, clock.timeMs), body: '' };
    },
  });
  const byPassword = (name: string, user: () => string, given: string, scope = projectId): RefusalCase => ({
    name,
    request: () => ({
      method: 'POST',
      path: '/v3/auth/tokens',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(credentials(user(), given, scope)),
    }),
  });
  const unknownToken = () => randomBytes(32).toString('base64url');
  const unknownKey = () => ({ accessKey: randomBytes(10).toString('hex').toUpperCase(), secretKey: unknownToken() });
  const unknownUser = () => `user-${randomInt(1e9)}`;
  const nothing = () => {};

  return {
    gateway,
    groups: [
      {
        title: 'tokens',
        beforeRound: nothing,
        cases: [
          byToken('unknown', unknownToken),
          byToken('unknown, again', unknownToken),
          byToken('truncated', () => good.slice(0, -1)),
          byToken('expired', () => ended),
          byToken('revoked', () => revoked),
          byToken('of a disabled user', () => ofDisabled),
          byToken('of a user without role', () => ofRoleless),
          byToken('empty', () => ''),
          byToken('of another project', () => elsewhere),
        ],
      },
      {
        title: 'signatures',
        beforeRound: nothing,
        cases: [
          bySignature('unknown key', unknownKey),
          bySignature('unknown key, again', unknownKey),
          bySignature('wrong signature', () => ({ ...key, secretKey: unknownToken() })),
          bySignature('disabled key', () => disabledKey),
          bySignature('key of a disabled user', () => keyOfDisabled),
        ],
      },
      {
        title: 'passwords',
        // Guesses are forgotten after 15 minutes.
        beforeRound: () => {
          clock.timeMs += hourMs;
        },
        cases: [
          byPassword('unknown user', unknownUser, password),
          byPassword('unknown user, again', unknownUser, password),
          byPassword('wrong password', () => 'admin', `not ${adminPassword}`),
          byPassword('disabled user', () => 'disabled', password),
          byPassword('no role', () => 'roleless', password),
          byPassword('unknown project', () => 'ada', password, 'nowhere'),
        ],
      },
    ],
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

function credentials(name: string, ofUser: string, project: string): object {
  const user = { name, password: ofUser, domain: { id: 'default' } };
  const identity = { methods: ['password'], password: { user } };
  return { auth: { identity, scope: { project: { id: project } } } };
}
