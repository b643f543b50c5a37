import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { calls, consoleHeader } from '../../packages/contracts/src/index.ts';
import { accessRefusal, cellsOf, doors, waysOf, wrongCells } from './cells.ts';
import {
  type EngineInstallation,
  keystoneProject,
  openEngine,
  openServed,
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

beforeAll(async () => {
  const keystone = opened.use(await startKeystone(keystoneProject)).options;
  served = opened.use(await openServed({ onFault }));
  servedOutside = opened.use(await openServed({ keystone, onFault }));
  engine = opened.use(await openEngine({ onFault }));
  engineOutside = opened.use(await openEngine({ keystone, onFault }));
});

afterAll(async () => {
  await opened.disposeAsync();
  expect(faults).toEqual([]);
});

test.each([
  ['on another port', { 'Sec-Fetch-Site': 'same-site', [consoleHeader.name]: consoleHeader.value }],
  ['that sends no header of the console', { 'Sec-Fetch-Site': 'same-origin' }],
])('no page %s makes a call that changes something with the cookie', async (_page, headers) => {
  for (const cell of cellsOf('console', 'token')) {
    if (cell.holder !== 'administrator' || cell.project !== 'own') continue;
    const mayCall = headers['Sec-Fetch-Site'] === 'same-origin' && calls[cell.call].kind !== 'mutation';
    const isRefused = (await callOver(served, cell, headers)) === 'not_same_origin';
    expect([cell.call, isRefused]).toEqual([cell.call, !mayCall]);
  }
});

describe.each(doors.filter((door) => door !== 'cli'))('through %s', (door) => {
  test.each(waysOf(door))('by %s, every call is allowed or denied as the table says', async (way) => {
    const isOutside = way === 'keystone';
    const wrong = await wrongCells(cellsOf(door, way), async (cell) =>
      accessRefusal(
        door === 'engine'
          ? await callEngine(isOutside ? engineOutside : engine, cell)
          : await callOver(isOutside ? servedOutside : served, cell),
      ),
    );
    expect(wrong).toEqual([]);
  });
});
