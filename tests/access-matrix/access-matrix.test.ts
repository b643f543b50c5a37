import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { runInProcess } from '../../apps/cli/src/testing-in-process.ts';
import { callNames, calls, roles } from '../../packages/contracts/src/index.ts';
import { unreachedVerbs, verbCommands } from '../conformance/verb-commands.ts';
import {
  type AccessRefusal,
  accessRefusal,
  type Cell,
  cells,
  cellsOf,
  doors,
  holders,
  refusalOf,
  waysOf,
} from './cells.ts';
import { type CommandPlace, callByCommand, serverEnvironment } from './command-door.ts';
import {
  type EngineInstallation,
  ensureSource,
  keystoneProject,
  leaveDataDirectory,
  openEngine,
  openServed,
  password,
  type ServedInstallation,
} from './installation.ts';
import { startKeystone } from './keystone-for-tests.ts';
import { callEngine, callOver } from './protocol-doors.ts';

const faults: unknown[] = [];
const onFault = (place: string, error: unknown) => faults.push({ place, error });
const opened = new AsyncDisposableStack();
let served: ServedInstallation;
let servedOutside: ServedInstallation;
let engine: EngineInstallation;
let engineOutside: EngineInstallation;
let configuration = '';

beforeAll(async () => {
  configuration = opened.use(await temporaryDirectory()).path;
  const keystone = opened.use(await startKeystone(keystoneProject)).options;
  served = opened.use(await openServed({ onFault, beforeRevoking: logIn }));
  servedOutside = opened.use(await openServed({ keystone, onFault }));
  engine = opened.use(await openEngine({ onFault }));
  engineOutside = opened.use(await openEngine({ keystone, onFault }));
});

afterAll(async () => {
  await opened.disposeAsync();
  expect(faults).toEqual([]);
});

/** Each holder has a profile of that name. */
async function logIn(endpoint: string): Promise<void> {
  for (const holder of holders) {
    const args = ['login', '--endpoint', endpoint, '--user', holder, '--profile', holder];
    const ended = await runInProcess(args, { XDG_CONFIG_HOME: configuration }, { input: password });
    expect(ended).toMatchObject({ code: 0, messages: '' });
  }
}

function commandPlace({ way }: Cell): CommandPlace {
  const place = way === 'keystone' ? servedOutside : served;
  return {
    ...place,
    stir: (project) => place.administer[project].startScan({ bucket_name: 'missing' }),
    environmentOf: (cell) => serverEnvironment(place, cell, configuration),
    runs: runInProcess,
  };
}

/** The command as it is shipped. */
const runShipped: CommandPlace['runs'] = (args, environment, { input = '' } = {}) => run(args, { environment, input });

/** Why the call was not let in; null where it was, whatever came of it then. */
async function outcomeOf(cell: Cell): Promise<AccessRefusal | null> {
  const isOutside = cell.way === 'keystone';
  if (cell.door === 'cli') return accessRefusal(await callByCommand(commandPlace(cell), cell));
  if (cell.door === 'engine') return accessRefusal(await callEngine(isOutside ? engineOutside : engine, cell));
  return accessRefusal(await callOver(isOutside ? servedOutside : served, cell));
}

describe.each(doors)('through %s', (door) => {
  test.each(waysOf(door))('by %s, every verb is allowed or denied as the table says', async (way) => {
    const wrong: object[] = [];
    for (const cell of cellsOf(door, way)) {
      const wanted = refusalOf(cell);
      const got = await outcomeOf(cell);
      if (got !== wanted) wrong.push({ ...cell, wanted, got });
      if (cell.verb === 'removeSource' && door === 'cli') {
        await ensureSource((way === 'keystone' ? servedOutside : served).administer.own);
      }
    }
    expect(wrong).toEqual([]);
  });
});

test('no cell is missing, and each role is let in somewhere and kept out somewhere', () => {
  // By token, signature, Keystone and nothing, for each holder in two projects; by login, and as the one operator.
  const everywhere = 4 * holders.length * 2;
  const ofCommands = holders.length * 2 + 2;
  const verbs = Object.keys(calls).length;
  const commands = verbs - Object.keys(unreachedVerbs).length;
  expect(cells).toHaveLength(3 * everywhere * verbs + (everywhere + ofCommands) * commands);
  for (const role of roles) {
    const outcomes = new Set(cells.filter(({ holder }) => holder === role).map((cell) => refusalOf(cell) === null));
    expect(outcomes).toEqual(new Set([true, false]));
  }
});

test('every verb has a command that calls it, or a reason why there is none', () => {
  expect([...Object.keys(verbCommands), ...Object.keys(unreachedVerbs)].sort()).toEqual([...callNames].sort());
});

test('each command calls the verb that it is said to reach', async () => {
  const requests: string[] = [];
  const note = (message: unknown) => {
    const { request } = message as { request: { method: string; path: string } };
    requests.push(`${request.method} ${request.path.split('?')[0]}`);
  };
  const unreached: string[] = [];
  for (const cell of cellsOf('cli', 'token')) {
    if (cell.holder !== 'administrator' || cell.project !== 'own') continue;
    const { method, path } = calls[cell.verb];
    const pattern = new RegExp(`^${method} ${path.replace(/\{\w+\}/g, '[^/]+')}$`);
    requests.length = 0;
    subscribe('undici:request:create', note);
    await ensureSource(served.administer.own);
    await outcomeOf(cell);
    unsubscribe('undici:request:create', note);
    if (!requests.some((request) => pattern.test(request))) unreached.push(`${cell.verb}: ${requests.join(', ')}`);
  }
  expect(unreached).toEqual([]);
});

test.each([
  ['token', 'reader', 'own', 'listBackups'],
  ['token', 'reader', 'own', 'listUsers'],
  ['login', 'operator', 'other', 'listSources'],
  ['signature', 'operator', 'own', 'listOperations'],
  ['signature', 'none', 'own', 'listBackups'],
  ['none', 'none', 'own', 'listBackups'],
  ['operator', 'administrator', 'other', 'listUsers'],
] as const)(
  'the shipped command does the same, by %s as %s in the %s project: %s',
  async (way, holder, project, verb) => {
    const cell = { door: 'cli', way, holder, project, verb } as const;
    const place = { ...commandPlace(cell), runs: runShipped };
    expect(accessRefusal(await callByCommand(place, cell))).toBe(refusalOf(cell));
  },
);

test.each(['own', 'other'] as const)(
  'the operator of a data directory that no server holds may do anything in the %s project',
  async (project) => {
    await using local = await leaveDataDirectory(onFault);
    const environment = { BACKUP_SYNC_DATA_DIR: local.dataDirectory, BACKUP_SYNC_STORAGE: local.storage };
    const place = { ...local, stir: async () => {}, environmentOf: () => environment, runs: runShipped };
    for (const verb of ['listBackups', 'addSource', 'createUser'] as const) {
      const cell = { door: 'cli', way: 'operator', holder: 'administrator', project, verb } as const;
      expect(await callByCommand(place, cell)).toBe(null);
    }
  },
);
