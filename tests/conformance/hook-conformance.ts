import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { ErrorCode } from '../../packages/contracts/src/index.ts';
import type { Door } from './door.ts';

const unknownId = '01900000-0000-7000-8000-000000000000';

/** Starts a receiver of hooks on loopback that accepts everything. */
async function openReceiver() {
  const received: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk) => received.push(String(chunk))).on('end', () => response.writeHead(204).end());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const close = () => new Promise<void>((closed) => void server.close(() => closed()));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    [Symbol.asyncDispose]: close,
  };
}

/** Tests of the calls for hooks, the same for every interface. */
export function hookConformance(call: Door['call'], refused: (code: ErrorCode) => unknown): void {
  test('a hook is added once, with a secret that no other answer has, and tested', async () => {
    await using receiver = await openReceiver();
    const { hook, secret } = await call('addHook', { url: receiver.url, name: 'pager', newest_older_than_s: 93_600 });
    expect(secret).toMatch(/^whsec_/);
    expect(hook).toMatchObject({ name: 'pager', status: 'active', newest_older_than_s: 93_600, public_key: null });
    const again = call('addHook', { url: receiver.url, name: 'pager' });
    await expect(again).rejects.toEqual(refused('hook_name_taken'));
    const inside = call('addHook', { url: 'https://169.254.169.254/', name: 'metadata' });
    await expect(inside).rejects.toEqual(refused('hook_address_refused'));
    const hook_id = hook.id;
    const tested = await call('testHook', { hook_id });
    expect(tested).toMatchObject({ delivered: true, answer: 'answered 204', hook: { last_try: { delivered: true } } });
    expect(JSON.parse(receiver.received[0] ?? '')).toMatchObject({
      type: 'hook.test',
      data: { hook: { id: hook_id } },
    });
    expect(JSON.stringify(await call('listHooks', {}))).not.toContain(secret);
    await call('removeHook', { hook_id });
  });

  test('a hook is changed, paused, resumed and removed, and its secret is rotated', async () => {
    const address = { url: 'https://alerts.example.com/hook', name: 'tickets', signature: 'ed25519' } as const;
    const { hook, secret } = await call('addHook', address);
    expect(hook.public_key).toMatch(/^whpk_/);
    const hook_id = hook.id;
    expect((await call('updateHook', { hook_id, level: 'content' })).hook).toEqual({ ...hook, level: 'content' });
    expect((await call('pauseHook', { hook_id })).hook.status).toBe('paused');
    expect((await call('resumeHook', { hook_id })).hook.status).toBe('active');
    const rotated = await call('rotateHookSecret', { hook_id });
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.hook.previous_secret_until).not.toBeNull();
    expect(await call('listHookDeliveries', { hook_id })).toEqual({ deliveries: [], count: 0 });
    expect(await call('resendHookDeliveries', { hook_id })).toEqual({ resent: 0 });
    const unknown = call('resendHookDeliveries', { hook_id, delivery_id: unknownId });
    await expect(unknown).rejects.toEqual(refused('hook_delivery_not_found'));
    await call('removeHook', { hook_id });
    expect((await call('listHooks', {})).hooks).toEqual([]);
    for (const name of [
      'updateHook',
      'testHook',
      'pauseHook',
      'resumeHook',
      'rotateHookSecret',
      'removeHook',
    ] as const) {
      await expect(call(name, { hook_id }), name).rejects.toEqual(refused('hook_not_found'));
    }
  });
}
