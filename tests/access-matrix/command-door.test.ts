import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, temporaryDirectory } from '../../apps/cli/src/testing.ts';
import { runInProcess } from '../../apps/cli/src/testing-in-process.ts';
import { calls } from '../../packages/contracts/src/index.ts';
import { accessRefusal, type Cell, cellsOf, holders, refusalOf, waysOf, wrongCells } from './cells.ts';
import { type CommandPlace, callByCommand, serverEnvironment } from './command-door.ts';
import {
  ensureHook,
  ensureSource,
  keystoneProject,
  leaveDataDirectory,
  openServed,
  password,
  type ServedInstallation,
} from './installation.ts';
import { startKeystone } from './keystone-for-tests.ts';

const faults: unknown[] = [];
const onFault = (place: string, error: unknown) => faults.push({ place, error });
const opened = new AsyncDisposableStack();
let served: ServedInstallation;
let servedOutside: ServedInstallation;
let configuration = '';

beforeAll(async () => {
  configuration = opened.use(await temporaryDirectory()).path;
  const keystone = opened.use(await startKeystone(keystoneProject)).options;
  served = opened.use(await openServed({ onFault, beforeRevoking: logIn }));
  servedOutside = opened.use(await openServed({ keystone, onFault }));
  // Each of the holders logs in, which takes the time that a password takes.
}, 180_000);

afterAll(async () => {
  await opened.disposeAsync();
  expect(faults).toEqual([]);
});

/** Logs each holder in, into a profile with the holder's name. */
async function logIn(endpoint: string): Promise<void> {
  for (const holder of holders) {
    const args = ['login', '--endpoint', endpoint, '--user', holder, '--profile', holder];
    const ended = await runInProcess(args, { environment: { XDG_CONFIG_HOME: configuration }, input: password });
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

// Hundreds of commands, which wait for the checks of types that run at the same time.
const matrixTimeoutMs = 180_000;

test.each(waysOf('cli'))(
  'by %s, every call is allowed or denied as the table says',
  async (way) => {
    const wrong = await wrongCells(cellsOf('cli', way), async (cell) => {
      const refusal = accessRefusal(await callByCommand(commandPlace(cell), cell));
      if (cell.call === 'removeSource') {
        await ensureSource((way === 'keystone' ? servedOutside : served).administer.own);
      }
      if (cell.call === 'removeHook') {
        await ensureHook((way === 'keystone' ? servedOutside : served).administer.own);
      }
      return refusal;
    });
    expect(wrong).toEqual([]);
  },
  matrixTimeoutMs,
);

test('each command makes the call that it is listed for', async () => {
  const requests: string[] = [];
  const note = (message: unknown) => {
    const { request } = message as { request: { method: string; path: string } };
    requests.push(`${request.method} ${request.path.split('?')[0]}`);
  };
  const unreached: string[] = [];
  for (const cell of cellsOf('cli', 'token')) {
    if (cell.holder !== 'administrator' || cell.project !== 'own') continue;
    const { method, path } = calls[cell.call];
    const pattern = new RegExp(`^${method} ${path.replace(/\{\w+\}/g, '[^/]+')}$`);
    requests.length = 0;
    subscribe('undici:request:create', note);
    await ensureSource(served.administer.own);
    await ensureHook(served.administer.own);
    await callByCommand(commandPlace(cell), cell);
    unsubscribe('undici:request:create', note);
    if (!requests.some((request) => pattern.test(request))) unreached.push(`${cell.call}: ${requests.join(', ')}`);
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
  async (way, holder, project, call) => {
    const cell = { door: 'cli', way, holder, project, call } as const;
    const place = { ...commandPlace(cell), runs: run };
    expect(accessRefusal(await callByCommand(place, cell))).toBe(refusalOf(cell));
  },
);

test.each(['own', 'other'] as const)(
  'the operator of a data directory that no server holds may do anything in the %s project',
  async (project) => {
    await using local = await leaveDataDirectory(onFault);
    const environment = { BACKUP_SYNC_DATA_DIR: local.dataDirectory, BACKUP_SYNC_STORAGE: local.storage };
    const place = { ...local, stir: async () => {}, environmentOf: () => environment, runs: run };
    for (const call of ['listBackups', 'addSource', 'createUser'] as const) {
      const cell = { door: 'cli', way: 'operator', holder: 'administrator', project, call } as const;
      expect(await callByCommand(place, cell)).toBe(null);
    }
  },
);
