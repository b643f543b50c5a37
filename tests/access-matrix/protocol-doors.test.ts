import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
