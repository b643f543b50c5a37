import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openConnectionPool } from '../../../packages/engine/src/catalogue/postgres/connection-pool.ts';
import { DatabaseGate } from './database-gate.ts';
import { DatabaseProcess } from './database-process.ts';

test('a killed database has all commits when it starts again, and a gate cuts one way to it', async () => {
  await using database = await DatabaseProcess.open();
  await using gate = await DatabaseGate.open(database.port);
  await using connections = openConnectionPool(database.url(gate.port), 2);
  const { pool } = connections;
  await pool.query('create table numbers (number integer)');
  for (let number = 1; number <= 50; number += 1) await pool.query('insert into numbers values ($1)', [number]);
  await database.kill();
  // The process behind a connection may still answer before it notices.
  await expect
    .poll(() =>
      pool.query('select from numbers').then(
        () => 'answered',
        () => 'lost',
      ),
    )
    .toBe('lost');
  await database.start();
  const count = async () => (await pool.query('select from numbers')).rowCount;
  expect(await count()).toBe(50);

  gate.cut('silent');
  const waiting = count();
  expect(await Promise.race([waiting, pause(200, 'silent')])).toBe('silent');
  gate.mend();
  expect(await waiting).toBe(50);

  const client = await pool.connect();
  const lost = once(client, 'error');
  gate.cut('reset');
  await lost;
  client.release(true);
  await expect(count()).rejects.toThrow();
  gate.mend();
  expect(await count()).toBe(50);
});
