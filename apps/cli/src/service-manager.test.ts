import { expect, test } from 'vitest';
import { openServiceManager } from './service-manager.ts';
import { temporaryDirectory } from './testing.ts';

test('a service manager that cannot be notified is reported once for each state, and nothing else fails', async () => {
  await using empty = await temporaryDirectory();
  const notices: string[] = [];
  const socket = '/run/systemd/notify';
  const manager = openServiceManager({ NOTIFY_SOCKET: socket, PATH: empty.path }, (_, text) => notices.push(text));
  await manager.ready();
  await manager.stopping(1_000);
  const remedy = 'spawn systemd-notify ENOENT. Check that systemd-notify is installed.';
  expect(notices).toEqual([
    `The service manager was not notified of READY=1: ${remedy}`,
    `The service manager was not notified of STOPPING=1: ${remedy}`,
  ]);
});

test('without a service manager, nothing runs', async () => {
  await using empty = await temporaryDirectory();
  await openServiceManager({ PATH: empty.path }, (event) => expect.unreachable(event)).ready();
});
