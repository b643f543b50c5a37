import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { serve } from '../../apps/gateway/src/index.ts';
import { BackupSyncError, unaryCallNames } from '../../packages/contracts/src/index.ts';
import { type AccessKey, type Calls, createClient, issueToken } from '../../packages/core/src/index.ts';
import { type Engine, type KeystoneOptions, openEmbeddedEngine } from '../../packages/engine/src/index.ts';
import { type Holder, holders } from './cells.ts';

export const password = 'a password of twelve';
/** The project of the tokens of keystone-for-tests.ts. */
export const keystoneProject = 'project-of-keystone';

/** The users of an installation, and what its calls can name. */
export type Population = {
  readonly own: string;
  readonly other: string;
  /** An import of the own project that has ended, so that there are some events. */
  readonly importId: string;
  readonly tokens: ReadonlyMap<Holder, string>;
  readonly keys: ReadonlyMap<Holder, AccessKey>;
  /** Makes calls with every right that is needed here. */
  readonly administer: { readonly own: Calls; readonly other: Calls };
};

export type EngineInstallation = Population & AsyncDisposable & { readonly engine: Engine };
export type ServedInstallation = Population &
  AsyncDisposable & { readonly endpoint: string; readonly dataDirectory: string; readonly storage: string };

type OpenOptions = {
  readonly keystone?: KeystoneOptions;
  readonly onFault: (place: string, error: unknown) => void;
  /** Called while the holder `none` still has a role. */
  readonly beforeRevoking?: (endpoint: string) => Promise<void>;
};

/** An item whose bucket does not exist: the sync is accepted, and the item fails. */
export const item = {
  backup_id: 'x',
  backup_name: 'x',
  bucket_name: 'missing',
  image_path: 'x',
  resource_id: 'x',
  resource_name: 'x',
  created_at: 1,
};

/** The name of the source in the own project. */
export const sourceName = 'watched';
/** The hook of each project, for commands that name one. */
export const hookName = 'pager';

export async function openEngine({ keystone, onFault }: OpenOptions): Promise<EngineInstallation> {
  await using opening = new AsyncDisposableStack();
  const { dataDirectory, storage } = opening.use(await directories());
  const engine = opening.use(await openEmbeddedEngine({ dataDirectory, storage, keystone, onFault }));
  const population = await populate({
    first: engine.identity.project.id,
    isOutside: keystone !== undefined,
    operationsIn: async (projectId) => engineOperations(engine, projectId),
    issueToken: async (userName) => {
      const from = { origin: { door: 'engine', address: null }, requestId: engine.newId() } as const;
      return (await engine.identity.issueToken({ from, userName, password, project: null })).token;
    },
    beforeRevoking: async () => {},
  });
  const owned = opening.move();
  return { ...population, engine, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export async function openServed({
  keystone,
  onFault,
  beforeRevoking = async () => {},
}: OpenOptions): Promise<ServedInstallation> {
  await using opening = new AsyncDisposableStack();
  const { dataDirectory, storage } = opening.use(await directories());
  const gateway = opening.use(
    await serve({
      dataDirectory,
      storage,
      keystone,
      onFault,
      administratorPassword: password,
      host: '127.0.0.1',
      port: 0,
      version: '0.0.0',
      limits: { callsPerSecond: Infinity, unknownCallsPerSecond: Infinity },
    }),
  );
  const { endpoint, projectId: first } = gateway;
  const population = await populate({
    first,
    isOutside: keystone !== undefined,
    operationsIn: async (projectId) => {
      const ofOperator = async () =>
        (await issueToken(endpoint, { token: gateway.token, project: { id: projectId } })).token;
      const token = projectId === keystoneProject ? 'keystone-administrator' : await ofOperator();
      return createClient({ endpoint, projectId, credentials: { token } }).calls;
    },
    issueToken: async (user) => (await issueToken(endpoint, { user, password, project: { id: first } })).token,
    beforeRevoking: () => beforeRevoking(endpoint),
  });
  const owned = opening.move();
  return { ...population, endpoint, dataDirectory, storage, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Creates a data directory with two projects that no process holds. */
export async function leaveDataDirectory(onFault: OpenOptions['onFault']) {
  await using opening = new AsyncDisposableStack();
  const { dataDirectory, storage } = opening.use(await directories());
  await using engine = await openEmbeddedEngine({ dataDirectory, storage, onFault });
  const own = engine.identity.project.id;
  const calls = engineOperations(engine, own);
  const importId = await fill(calls);
  const { project } = await calls.createProject({ name: 'other' });
  await calls.grantBucket({ target_project_id: project.id, bucket_name: 'missing' });
  const owned = opening.move();
  return {
    dataDirectory,
    storage,
    own,
    other: project.id,
    importId,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Adds the source again if a call has removed it. */
export async function ensureSource(calls: Pick<Calls, 'addSource'>): Promise<void> {
  try {
    await calls.addSource({ name: sourceName, bucket_name: 'missing', force: true });
  } catch (error) {
    if (!(error instanceof BackupSyncError) || error.code !== 'source_name_taken') throw error;
  }
}

/** Adds the hook that commands name, unless it is there. Nothing can be sent to its address. */
export async function ensureHook(calls: Pick<Calls, 'addHook'>): Promise<void> {
  try {
    await calls.addHook({ name: hookName, url: 'https://localhost/hook' });
  } catch (error) {
    if (!(error instanceof BackupSyncError) || error.code !== 'hook_name_taken') throw error;
  }
}

type Unpopulated = {
  readonly first: string;
  readonly isOutside: boolean;
  readonly operationsIn: (projectId: string) => Promise<Calls>;
  readonly issueToken: (userName: string) => Promise<string>;
  readonly beforeRevoking: () => Promise<void>;
};

async function populate({
  first,
  isOutside,
  operationsIn,
  issueToken: tokenOf,
  beforeRevoking,
}: Unpopulated): Promise<Population> {
  const tokens = new Map<Holder, string>();
  const keys = new Map<Holder, AccessKey>();
  const inFirst = await operationsIn(first);
  if (isOutside) {
    for (const holder of holders) tokens.set(holder, `keystone-${holder}`);
    const own = await operationsIn(keystoneProject);
    for (const id of [first, keystoneProject]) {
      await inFirst.grantBucket({ target_project_id: id, bucket_name: 'missing' });
    }
    const administer = { own, other: inFirst };
    return { own: keystoneProject, other: first, tokens, keys, administer, importId: await fill(own) };
  }
  const importId = await fill(inFirst);
  const { project } = await inFirst.createProject({ name: 'other' });
  await inFirst.grantBucket({ target_project_id: project.id, bucket_name: 'missing' });
  const administer = { own: inFirst, other: await operationsIn(project.id) };
  for (const holder of holders) {
    const of = { user_name: holder, target_project_id: first };
    await inFirst.createUser({ name: holder, password });
    await inFirst.grantRole({ ...of, role: holder === 'none' ? 'reader' : holder });
    const key = await inFirst.createAccessKey(of);
    keys.set(holder, { accessKey: key.access_key.access_key, secretKey: key.secret_key });
    tokens.set(holder, await tokenOf(holder));
  }
  await beforeRevoking();
  await inFirst.revokeRole({ user_name: 'none', target_project_id: first });
  return { own: first, other: project.id, tokens, keys, administer, importId };
}

/** Creates the objects that calls name in a project. Returns the id of an import. */
async function fill(calls: Calls): Promise<string> {
  await ensureSource(calls);
  await ensureHook(calls);
  const { sync } = await calls.syncBackups({ sync: [item] });
  return sync[0]?.operation_log_id ?? '';
}

function engineOperations(engine: Engine, projectId: string): Calls {
  const caller = { kind: 'system', name: 'tester', projectId, role: 'administrator' } as const;
  const byName = unaryCallNames.map((name) => [
    name,
    (input: object) => engine.call(name, { caller, requestId: engine.newId() }, { ...input, project_id: projectId }),
  ]);
  // Built from the table, so it has exactly its calls.
  return Object.fromEntries(byName) as Calls;
}

async function directories() {
  const home = await temporaryDirectory();
  await mkdir(join(home.path, 'buckets'));
  return {
    dataDirectory: join(home.path, 'data'),
    storage: `file:${join(home.path, 'buckets')}`,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}
