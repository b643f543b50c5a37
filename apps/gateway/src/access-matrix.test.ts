import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CallName,
  errorCodeOf,
  isStream,
  type OperationDefinition,
  type OperationName,
  operationNames,
  operations,
  pathFields,
  roleAllows,
  roles,
} from '@backup-sync/contracts';
import { type Engine, type KeystoneOptions, openEmbeddedEngine, systemClock } from '@backup-sync/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultEdgeLimits, type EdgeLimits } from './edges/edge-limits.ts';
import { createGatewayApp } from './gateway-app.ts';
import { listen } from './listen.ts';
import { signedHeaders, type TestKey } from './signing-for-tests.ts';

const doors = ['rest', 'trpc', 'engine'] as const;
const ways = ['token', 'signature', 'keystone', 'none'] as const;
const holders = [...roles, 'none'] as const;
const projects = ['own', 'other'] as const;
type Cell = {
  readonly door: (typeof doors)[number];
  readonly way: (typeof ways)[number];
  readonly holder: (typeof holders)[number];
  readonly project: (typeof projects)[number];
  readonly verb: OperationName;
};

const cells: Cell[] = doors.flatMap((door) =>
  ways.flatMap((way) =>
    holders.flatMap((holder) =>
      projects.flatMap((project) => operationNames.map((verb) => ({ door, way, holder, project, verb }))),
    ),
  ),
);

let embedded: Gateway;
let outside: Gateway;
let keystone: Awaited<ReturnType<typeof startKeystone>>;
const tokens = new Map<string, string>();
const keys = new Map<string, TestKey>();
let otherProject = '';
const faults: unknown[] = [];

beforeAll(async () => {
  embedded = await openGateway();
  const { engine, projectId } = embedded;
  const operator = { kind: 'system', name: 'tester', projectId, role: 'administrator' } as const;
  const admin = <Name extends CallName>(name: Name, input: object) =>
    engine.call(name, { caller: operator, requestId: 'request-1' }, { ...input, project_id: projectId });
  await admin('startScan', { bucket_name: 'missing' });
  otherProject = (await admin('createProject', { name: 'other' })).project.id;
  const password = 'a password of twelve';
  const from = { origin: { door: 'engine', address: null }, requestId: 'request-1' } as const;
  for (const holder of holders) {
    const of = { user_name: holder, target_project_id: projectId };
    await admin('createUser', { name: holder, password });
    await admin('grantRole', { ...of, role: holder === 'none' ? 'reader' : holder });
    const key = await admin('createAccessKey', of);
    keys.set(holder, { accessKey: key.access_key.access_key, secretKey: key.secret_key });
    const issued = await engine.identity.issueToken({ from, userName: holder, password, project: null });
    tokens.set(holder, issued.token);
  }
  // Whoever has no role any more still has the token and the key from before.
  await admin('revokeRole', { user_name: 'none', target_project_id: projectId });
  keystone = await startKeystone('project-of-keystone');
  outside = await openGateway(keystone.options);
  const ofKeystone = { ...operator, projectId: 'project-of-keystone' };
  const elsewhere = { ...operator, projectId: outside.projectId };
  const grant = { project_id: outside.projectId, target_project_id: ofKeystone.projectId, bucket_name: 'missing' };
  await outside.engine.call('grantBucket', { caller: elsewhere, requestId: 'request-1' }, grant);
  const scan = { project_id: ofKeystone.projectId, bucket_name: 'missing' };
  await outside.engine.call('startScan', { caller: ofKeystone, requestId: 'request-1' }, scan);
});
afterAll(async () => {
  await embedded[Symbol.asyncDispose]();
  await outside[Symbol.asyncDispose]();
  await keystone[Symbol.asyncDispose]();
  expect(faults).toEqual([]);
});

/** What the table says must come of a cell: null where the call is let in. */
function refusalOf({ way, holder, project, verb }: Cell): string | null {
  // Without a role there is no way in at all; a token of Keystone's still says who it is.
  if (way === 'none' || (holder === 'none' && way !== 'keystone')) return 'not_authenticated';
  if (holder === 'none') return 'role_not_allowed';
  if (project === 'other') return 'project_not_allowed';
  return roleAllows(holder, operations[verb].role) ? null : 'role_not_allowed';
}

const refusals = new Set(['not_authenticated', 'role_not_allowed', 'project_not_allowed']);

/** Why the call was not let in; null where it was, whatever came of it then. */
async function outcomeOf(cell: Cell): Promise<string | null> {
  const gateway = cell.way === 'keystone' ? outside : embedded;
  const own = cell.way === 'keystone' ? 'project-of-keystone' : embedded.projectId;
  const project = cell.project === 'own' ? own : otherProject;
  const code = await (cell.door === 'engine' ? callEngine(gateway, cell, project) : callOver(gateway, cell, project));
  return code !== null && refusals.has(code) ? code : null;
}

async function callOver(gateway: Gateway, cell: Cell, project: string): Promise<string | null> {
  const { method, url, body } =
    cell.door === 'rest' ? restRequest(gateway, cell.verb, project) : trpcRequest(gateway, cell.verb, project);
  const gone = new AbortController();
  const response = await fetch(url, {
    method,
    headers: {
      ...(body !== '' && { 'Content-Type': 'application/json' }),
      ...credentials(cell, { method, url, body }),
    },
    ...(body !== '' && { body }),
    signal: gone.signal,
  });
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    // A stream goes on once it is open: with what has happened before.
    if (isStream(cell.verb) && text.includes('"operation":')) break;
  }
  gone.abort();
  return codeIn(text);
}

/** The permanent number of the code, wherever in the answer it stands. */
function codeIn(text: string): string | null {
  const number = /"(?:error_code|number)":"(BackupSync\.\d+)"/.exec(text)?.[1];
  return number === undefined ? null : (errorCodeOf(number) ?? number);
}

function restRequest(gateway: Gateway, verb: OperationName, project: string) {
  const { method, path }: OperationDefinition = operations[verb];
  let filled: string = path;
  for (const field of pathFields(path)) filled = filled.replace(`{${field}}`, field === 'project_id' ? project : 'x');
  const url = new URL(filled, gateway.endpoint);
  if (isStream(verb)) url.search = 'after=0';
  return { method, url, body: method === 'POST' ? '{}' : '' };
}

function trpcRequest(gateway: Gateway, verb: OperationName, project: string) {
  const url = new URL(`/trpc/${verb}`, gateway.endpoint);
  const input = JSON.stringify(inputOf(verb, project));
  if (operations[verb].kind === 'mutation') return { method: 'POST', url, body: input };
  url.search = `input=${encodeURIComponent(input)}`;
  return { method: 'GET', url, body: '' };
}

/** Names what is not there, so that nothing changes, whoever is let in. */
function inputOf(verb: OperationName, project: string): object {
  const inPath = pathFields(operations[verb].path).map((field) => [field, 'x']);
  return { ...Object.fromEntries(inPath), project_id: project, ...(isStream(verb) && { after: '0' }) };
}

function credentials(
  { way, holder }: Cell,
  request: { readonly method: string; readonly url: URL; readonly body: string },
): Record<string, string> {
  if (way === 'none') return {};
  if (way === 'keystone') return { 'X-Auth-Token': `keystone-${holder}` };
  if (way === 'token') return { 'X-Auth-Token': tokens.get(holder) ?? '' };
  const key = keys.get(holder);
  if (key === undefined) throw new Error(`there is no key of ${holder}`);
  return signedHeaders(key, request, Date.now());
}

async function callEngine(gateway: Gateway, cell: Cell, project: string): Promise<string | null> {
  const { engine } = gateway;
  try {
    const request = restRequest(gateway, cell.verb, project);
    const headers = credentials(cell, request);
    const caller =
      headers.Authorization === undefined
        ? await engine.identity.authenticate(headers['X-Auth-Token'] ?? '')
        : await engine.identity.authenticateSigned({
            ...request,
            target: request.url.pathname + request.url.search,
            headers: [...Object.entries(headers), ['Host', request.url.host]],
            body: Buffer.from(request.body),
          });
    if (caller === null) return 'not_authenticated';
    const from = { caller, requestId: 'request-1' };
    const input = inputOf(cell.verb, project);
    if (isStream(cell.verb)) await engine.watch(cell.verb, { ...from, signal: AbortSignal.abort() }, input);
    else await engine.call(cell.verb as CallName, from, input);
    return null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
    throw error;
  }
}

describe.each(doors)('through %s', (door) => {
  test.each(ways)('by %s, every verb is allowed or denied as the table says', async (way) => {
    const wrong: object[] = [];
    let walked = 0;
    for (const cell of cells) {
      if (cell.door !== door || cell.way !== way) continue;
      const wanted = refusalOf(cell);
      const got = await outcomeOf(cell);
      if (got !== wanted) wrong.push({ ...cell, wanted, got });
      walked += 1;
    }
    expect(wrong).toEqual([]);
    expect(walked).toBe(holders.length * projects.length * operationNames.length);
  });
});

test('no cell is missing, and each role is let in somewhere and kept out somewhere', () => {
  expect(cells).toHaveLength(
    doors.length * ways.length * holders.length * projects.length * Object.keys(operations).length,
  );
  for (const role of roles) {
    const outcomes = new Set(cells.filter(({ holder }) => holder === role).map((cell) => refusalOf(cell) === null));
    expect(outcomes).toEqual(new Set([true, false]));
  }
});

type Gateway = AsyncDisposable & { readonly engine: Engine; readonly endpoint: string; readonly projectId: string };

/** A gateway, and the engine behind it. */
async function openGateway(keystoneOptions?: KeystoneOptions): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'backup-sync-'));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  await mkdir(join(home, 'buckets'));
  const onFault = (_place: string, error: unknown) => faults.push(error);
  const engine = stack.use(
    await openEmbeddedEngine({
      dataDirectory: join(home, 'data'),
      storage: `file:${join(home, 'buckets')}`,
      keystone: keystoneOptions,
      onFault,
    }),
  );
  const stopping = new AbortController();
  const limits: EdgeLimits = { ...defaultEdgeLimits, callsPerSecond: Infinity, unknownCallsPerSecond: Infinity };
  const clock = systemClock;
  const app = createGatewayApp({ engine, version: '0.0.0', stopping: stopping.signal, onFault, limits, clock });
  const newId = () => engine.newId();
  const { endpoint } = stack.use(await listen(app, { host: '127.0.0.1', port: 0, limits, newId, onFault }));
  stack.defer(() => stopping.abort());
  const owned = stack.move();
  const projectId = engine.identity.project.id;
  return { engine, endpoint, projectId, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A Keystone that knows `keystone-<role>` for each role, and the service. */
async function startKeystone(projectId: string) {
  const domain = { id: 'default', name: 'Default' };
  const server = createServer((request, response) => {
    const subject = String(request.headers['x-subject-token'] ?? '');
    const role = /^keystone-(\w+)$/.exec(subject)?.[1];
    const times = { issued_at: '2026-11-23T00:00:00.000000Z', expires_at: '2999-01-01T00:00:00.000000Z' };
    const user = { id: 'u', name: role ?? 'service', domain };
    const project = { id: projectId, name: projectId, domain };
    const token = { ...times, user, project, roles: [{ name: role ?? 'service' }] };
    const status = request.method === 'POST' ? 201 : role === undefined ? 404 : 200;
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/json', 'X-Subject-Token': subject || 'service' });
    response.end(JSON.stringify(status === 404 ? { error: { code: 404 } } : { token }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    options: {
      url: `http://127.0.0.1:${port}/v3`,
      user: 'backup-sync',
      password: 'password',
      userDomain: 'Default',
      project: 'service',
      projectDomain: 'Default',
      roles: new Map(roles.map((role) => [role, role])),
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
