import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { systemSleep } from '../../storage/bucket-budget.ts';
import { createTestDatabase, run } from '../../testing/test-database.ts';
import { SessionConnection } from './session-connection.ts';

/** Machines may be busy. */
const soon = { timeout: 10_000 };

/** A session connection whose checks and back-off take no time to wait for. */
async function openConnection(url: string) {
  const losses: unknown[] = [];
  const connection = await SessionConnection.open({
    address: { connectionString: url, application_name: 'session under test' },
    sleep: (durationMs, signal) => systemSleep(durationMs / 100, signal),
    random: () => 0,
    onLost: (error) => losses.push(error),
  });
  return { connection, losses, [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose]() };
}

/** Collects notifications, and waits for the next. */
function collector() {
  const payloads: string[] = [];
  let next = Promise.withResolvers<void>();
  return {
    payloads,
    note: (payload: string) => {
      payloads.push(payload);
      next.resolve();
      next = Promise.withResolvers();
    },
    next: () => next.promise,
  };
}

const killSessions = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = 'session under test' and datname = current_database()`;

test('a session that the database ends is opened again, listens as before, and says that it missed something', async () => {
  await using database = await createTestDatabase();
  await using over = await openConnection(database.url);
  const { payloads, note, next } = collector();
  await over.connection.listen('bell', note);
  let heard = next();
  await run(database.url, `notify bell, 'first'`);
  await heard;
  heard = next();
  await run(database.url, killSessions);
  await heard;
  heard = next();
  await run(database.url, `notify bell, 'second'`);
  await heard;
  expect(payloads).toEqual(['first', '', 'second']);
  expect(over.losses).toHaveLength(1);
});

test('one connection at a time has a lock, and loses it with its session', async () => {
  await using database = await createTestDatabase();
  await using one = await openConnection(database.url);
  await using other = await openConnection(database.url);
  const lock = await one.connection.tryLock('sweeper');
  expect(lock).not.toBeNull();
  expect(await one.connection.tryLock('sweeper')).toBeNull();
  expect(await other.connection.tryLock('sweeper')).toBeNull();
  await lock?.[Symbol.asyncDispose]();
  const second = await other.connection.tryLock('sweeper');
  if (second === null) throw new Error('the lock was not freed');
  const lost = once(second.lost, 'abort');
  await run(database.url, killSessions);
  await lost;
  await expect.poll(() => one.connection.tryLock('sweeper'), soon).not.toBeNull();
});

test('a session whose database goes without a word is noticed, and its end does not hang', async () => {
  await using database = await createTestDatabase();
  const { hostname, port } = new URL(database.url);
  const sockets: Socket[] = [];
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) sockets.push(socket.on('error', () => {}));
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const proxied = new URL(database.url);
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  proxied.port = String(address.port);
  const over = await openConnection(proxied.href);
  const lock = await over.connection.tryLock('sequencer');
  if (lock === null) throw new Error('the lock was taken already');
  const lost = once(lock.lost, 'abort');
  for (const socket of sockets) socket.unpipe();
  await lost;
  expect(String(lock.lost.reason)).toBe('Error: Query read timeout');
  await over[Symbol.asyncDispose]();
  for (const socket of sockets) socket.destroy();
  proxy.close();
});
