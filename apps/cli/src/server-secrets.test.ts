import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAccessKeyAnswer } from '@backup-sync/contracts';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { textLine } from './log/log-lines.ts';
import { temporaryDirectory } from './testing.ts';
import { signedHeaders, startTracedServer, type TracedServer, Traces } from './testing-traces.ts';

const sealingKey = 'key-that-nobody-may-see-32-bytes';
/** Not used by a server: a command on its data directory would refuse it. */
const strayToken = 'token-that-nobody-may-see';
const given = {
  BACKUP_SYNC_ADMIN_PASSWORD: 'password-that-nobody-may-see',
  BACKUP_SYNC_PASSWORD: 'another-password-that-nobody-may-see',
  BACKUP_SYNC_SECRET_KEY: Buffer.from(sealingKey).toString('base64'),
  BACKUP_SYNC_METRICS_TOKEN: 'metrics-token-that-nobody-may-see',
  AWS_SECRET_ACCESS_KEY: 'storage-key-that-nobody-may-see',
};
const passwordOfAda = 'password-of-ada-that-nobody-may-see';
const storage = { BACKUP_SYNC_STORAGE: 's3:http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'an-access-key' };

/** The events of calls that the engine answers. */
const eventsOfCalls = ['call.accepted', 'call.answered', 'call.refused'];

/** For each secret, the places that must show it. */
type Shown = Map<string, readonly string[]>;

test('nothing that a server prints or leaves behind shows a secret, through calls, faults and a crash', async () => {
  await using home = await temporaryDirectory();
  const data = join(home.path, 'data');
  const reports = join(home.path, 'reports');
  const config = join(home.path, 'config');
  await mkdir(reports);
  const certificate = await writeCertificate(home.path);
  const crash = encodeURIComponent('process.once("SIGUSR2",()=>{throw new Error("a crash")})');
  const traces = new Traces();
  await using server = await startTracedServer(
    traces,
    data,
    ['--json', '--log-level', 'debug', '--log-format', 'json', ...certificate.args],
    {
      environment: {
        BACKUP_SYNC_TOKEN: strayToken,
        ...given,
        ...storage,
        BACKUP_SYNC_METRICS_LISTEN: '127.0.0.1:0',
        NODE_OPTIONS: `--import=data:text/javascript,${crash} --report-uncaught-exception --report-directory=${reports}`,
      },
    },
  );
  const shown: Shown = new Map(
    [...Object.values(given), strayToken, sealingKey, passwordOfAda, certificate.key].map((secret) => [secret, []]),
  );
  shown.set(server.token, ['endpoint.json']);

  const ofOperator = { ...given, ...storage, BACKUP_SYNC_DATA_DIR: data };
  await administer(traces, shown, ofOperator);
  await callOverRest(traces, shown, server);
  await callOverTrpc(traces, shown, server);
  await workAsAda(traces, shown, server, { XDG_CONFIG_HOME: config, BACKUP_SYNC_PASSWORD: passwordOfAda });
  await list(traces, ofOperator);
  await traces.addFiles(data);
  await traces.addFiles(config);
  await server.endWith('SIGUSR2');
  await traces.addFiles(data);
  await traces.addFiles(reports);
  expect(traces.placesOf('a crash')).toEqual(['server', expect.stringMatching(/^report\..*\.json$/)]);
  const log = traces.textOf('server').match(/^\{"level":.*$/gm) ?? [];
  const events = log.map((line) => JSON.parse(line).event);
  expect(events).toEqual(expect.arrayContaining([...eventsOfCalls, 'request.refused', 'outage.began']));
  for (const line of log) traces.add('the log as text', textLine(line, false));
  for (const [secret, places] of shown) expect(traces.placesOf(secret), secret).toEqual(places);
}, 240_000);

test('each secret that a server generates at its first start is shown in one place only, even after it stops', async () => {
  await using home = await temporaryDirectory();
  const data = join(home.path, 'data');
  const traces = new Traces();
  const environment = { ...storage, BACKUP_SYNC_DATA_DIR: data };
  await using server = await startTracedServer(traces, data, ['--log-level', 'debug'], { environment });
  const made = await traces.run(['access-keys', 'create', 'admin', 'default'], { environment });
  expect(made).toMatchObject({ code: 0 });
  await server.endWith('SIGTERM');
  await traces.addFiles(data);
  expect(traces.textOf('server')).toContain(' call=createAccessKey ');
  const password = /with the password (\S+)$/m.exec(traces.textOf('server'))?.[1] ?? '';
  expect(traces.placesOf(password)).toEqual(['server']);
  expect(traces.placesOf((await readFile(join(data, 'secret.key'), 'utf8')).trim())).toEqual(['secret.key']);
  expect(traces.placesOf(server.token)).toEqual([]);
}, 60_000);

/** Creates a user with a role, and two access keys, each answered in a different way. */
async function administer(traces: Traces, shown: Shown, environment: Record<string, string>): Promise<void> {
  const command = async (words: string, input = '') => {
    const ended = await traces.run(words.split(' '), { environment, input });
    expect(ended, words).toMatchObject({ code: 0 });
    return ended.output;
  };
  await command('users create ada', `${passwordOfAda}\n`);
  await command('roles grant ada operator default');
  const { secret_key: asJson } = JSON.parse(await command('access-keys create ada default --json'));
  shown.set(asJson, ['access-keys create ada default --json: output']);
  const forPeople = /^secret key: (\S+)$/m.exec(await command('access-keys create ada default'))?.[1] ?? '';
  shown.set(forPeople, ['access-keys create ada default: output']);
}

/** Everything that an administrator can view, for people and for programs. */
async function list(traces: Traces, environment: Record<string, string>): Promise<void> {
  const listings = ['users list', 'access-keys list', 'audit list', 'operations list', 'sources list', 'backups list'];
  const run = async (words: string) => ({ words, ...(await traces.run(words.split(' '), { environment })) });
  // This command waits for storage that is not reachable, so it runs in parallel with the others.
  const doctors = Promise.all(['doctor a-bucket', 'doctor a-bucket --json'].map(run));
  for (const words of listings) {
    for (const ended of await Promise.all([words, `${words} --json`].map(run)))
      expect(ended).toMatchObject({ code: 0 });
  }
  for (const ended of await doctors) expect(ended).toMatchObject({ code: 1 });
}

async function callOverRest(traces: Traces, shown: Shown, { endpoint, projectId, token }: TracedServer): Promise<void> {
  const call = async (place: string, status: number, path: string, headers: Record<string, string>, body?: unknown) => {
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const json = { 'Content-Type': 'application/json', ...headers };
    const answer = await traces.call(place, endpoint + path, { headers: json, ...sent });
    expect(answer.status, place).toBe(status);
    return answer;
  };
  const issue = async (place: string, status: number, identity: object) =>
    (await call(place, status, '/v3/auth/tokens', {}, { auth: { identity } })).headers.get('x-subject-token') ?? '';
  const byPassword = (name: string, password: string) => ({
    methods: ['password'],
    password: { user: { name, password } },
  });
  const backups = `/v3/${projectId}/backups`;

  await issue('wrong password', 401, byPassword('admin', given.BACKUP_SYNC_PASSWORD));
  await issue('password as a name', 401, byPassword('ada', given.BACKUP_SYNC_ADMIN_PASSWORD));
  const ofAda = await issue('right password', 201, byPassword('ada', passwordOfAda));
  const exchanged = await issue('exchange', 201, { methods: ['token'], token: { id: ofAda } });
  await call('validation', 200, '/v3/auth/tokens', { 'X-Auth-Token': ofAda, 'X-Subject-Token': ofAda });
  // The answer to the validation of a token contains it, as with Keystone.
  shown.set(ofAda, ['right password: headers', 'validation: headers']);
  shown.set(exchanged, ['exchange: headers']);
  await call('unknown token', 401, backups, { 'X-Auth-Token': strayToken });
  await call('unknown subject', 404, '/v3/auth/tokens', {
    'X-Auth-Token': ofAda,
    'X-Subject-Token': strayToken,
  });
  await call('listing', 200, backups, { 'X-Auth-Token': ofAda });
  await call('not allowed', 403, `/v1/projects/${projectId}/users`, { 'X-Auth-Token': exchanged });
  await call('invalid sync', 400, `${backups}/sync`, { 'X-Auth-Token': token }, { sync: [{}] });
  await call(
    'scan of a bucket out of reach',
    200,
    `/v1/projects/${projectId}/scans`,
    { 'X-Auth-Token': token },
    { bucket_name: 'b' },
  );

  const key = { user_name: 'ada', target_project_id: projectId };
  const made = await call('access key', 200, `/v1/projects/${projectId}/access-keys`, { 'X-Auth-Token': token }, key);
  const { access_key, secret_key: secretKey } = createAccessKeyAnswer.parse(await made.json());
  shown.set(secretKey, ['access key: body']);
  const signed = { accessKey: access_key.access_key, secretKey };
  await call('signed', 200, backups, await signedHeaders(signed, endpoint + backups));
  await call(
    'signed elsewhere',
    403,
    '/v3/elsewhere/backups',
    await signedHeaders(signed, `${endpoint}/v3/elsewhere/backups`),
  );
  const badlySigned = await signedHeaders({ ...signed, secretKey: given.AWS_SECRET_ACCESS_KEY }, endpoint + backups);
  await call('badly signed', 401, backups, badlySigned);
}

async function callOverTrpc(traces: Traces, shown: Shown, { endpoint, projectId, token }: TracedServer): Promise<void> {
  const call = async (place: string, status: number, path: string, init: RequestInit) => {
    const answer = await traces.call(place, `${endpoint}/trpc/${path}`, init);
    expect(answer.status, place).toBe(status);
    return answer;
  };
  const input = { project_id: projectId };
  const query = `listUsers?input=${encodeURIComponent(JSON.stringify(input))}`;
  const headers = { 'X-Auth-Token': token, 'Content-Type': 'application/json' };
  await call('listing over tRPC', 200, query, { headers });
  await call('unknown token over tRPC', 401, query, { headers: { 'X-Auth-Token': strayToken } });
  const post = (body: object) => ({ method: 'POST', headers, body: JSON.stringify({ ...input, ...body }) });
  const newUser = { name: 'admin', password: passwordOfAda };
  await call('name taken over tRPC', 409, 'createUser', post(newUser));
  await call('invalid input over tRPC', 400, 'createUser', post({ ...newUser, name: 1 }));
  const key = { user_name: 'ada', target_project_id: projectId };
  const made = await call('access key over tRPC', 200, 'createAccessKey', post(key));
  const { result } = z.object({ result: z.object({ data: createAccessKeyAnswer }) }).parse(await made.json());
  shown.set(result.data.secret_key, ['access key over tRPC: body']);
}

async function workAsAda(
  traces: Traces,
  shown: Shown,
  { endpoint, projectId }: TracedServer,
  environment: Record<string, string>,
): Promise<void> {
  const command = async (words: string, code: number, more: Record<string, string> = {}) => {
    const ended = await traces.run(words.split(' '), { environment: { ...environment, ...more } });
    expect(ended, words).toMatchObject({ code });
    return ended.output;
  };
  await command(`login --endpoint ${endpoint} --user ada`, 0);
  await command(`login --endpoint ${endpoint} --user ada --profile wrong`, 4, {
    BACKUP_SYNC_PASSWORD: given.BACKUP_SYNC_PASSWORD,
  });
  const { profiles } = JSON.parse(
    await readFile(join(environment.XDG_CONFIG_HOME ?? '', 'backup-sync', 'profiles.json'), 'utf8'),
  );
  shown.set(profiles.default.token, ['backup-sync/profiles.json']);
  for (const format of ['', ' --json']) {
    await command(`backups list${format}`, 0);
    await command(`operations list${format}`, 0);
    await command(`users list${format}`, 4);
    await command(`doctor${format}`, 0);
    const own = { BACKUP_SYNC_ENDPOINT: endpoint, BACKUP_SYNC_PROJECT: projectId };
    const printed = await command(`token --user ada${format}`, 0, own);
    const token = format === '' ? printed.trim() : JSON.parse(printed).token;
    shown.set(token, [`token --user ada${format}: output`]);
  }
}

/** A key pair for TLS, with the options to serve with it and a line of the private key. */
async function writeCertificate(directory: string): Promise<{ readonly args: string[]; readonly key: string }> {
  const made = await generate([{ name: 'commonName', value: 'backups.example' }]);
  const [certificateFile, keyFile] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')];
  await Promise.all([writeFile(certificateFile, made.cert), writeFile(keyFile, made.private)]);
  return {
    args: ['--tls-certificate', certificateFile, '--tls-key', keyFile],
    key: made.private.split('\n')[3] ?? '',
  };
}
