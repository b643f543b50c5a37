import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeHook } from '../catalogue/hook-conformance.ts';
import type { HookRecord } from '../catalogue/hook-records.ts';
import { systemClock } from '../clock.ts';
import { SecretSeal } from '../identity/secret-seal.ts';
import { type Answer, answerWith, openHookReceiver } from '../testing/hook-receiver.ts';
import { HookSender, type HookSenderOptions } from './hook-sender.ts';

const loopback = ['127.0.0.0/8', '::1'];
const message = { id: 'message-1', body: '{"type":"hook.test"}' };
const never = new AbortController().signal;
let home: string;
let seal: SecretSeal;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'backup-sync-hooks-'));
  seal = SecretSeal.open(null, home, async () => []);
});
afterAll(() => rm(home, { recursive: true, force: true }));

function openSender(changes: Partial<HookSenderOptions> = {}): HookSender {
  return new HookSender({ clock: systemClock, seal, allowedNetworks: loopback, proxies: null, ...changes });
}

async function makeHookFor(url: string, hasKeyPair = false): Promise<HookRecord & { readonly secret: string }> {
  const { secret, ...keys } = await openSender().makeKeys('hook-1', hasKeyPair);
  return { ...makeHook('project-1', 'hook-1', { url, ...keys }), cursor: 0, secret };
}

/** Sends the message to a receiver that answers so. */
async function sendTo(answer: Answer, timeoutMs?: number) {
  await using receiver = await openHookReceiver(answer);
  const result = await openSender({ timeoutMs }).send(await makeHookFor(receiver.url), message, never);
  return { ...result, requests: receiver.received.length };
}

describe('signatures', () => {
  test('are verified by the library of the specification, and those of another secret or body are not', async () => {
    await using receiver = await openHookReceiver(answerWith(200));
    const hook = await makeHookFor(receiver.url);
    expect(await openSender().send(hook, message, never)).toMatchObject({ isDelivered: true, answer: 'answered 200' });
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(hook.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'message-1' });
    const given = headers as Record<string, string>;
    expect(new Webhook(hook.secret).verify(body, given)).toEqual({ type: 'hook.test' });
    const other = await makeHookFor(receiver.url);
    expect(() => new Webhook(other.secret).verify(body, given)).toThrow('No matching signature');
    expect(() => new Webhook(hook.secret).verify(`${body} `, given)).toThrow('No matching signature');
  });

  test('are by the secrets before and after a rotation, until it is over', async () => {
    await using receiver = await openHookReceiver(answerWith(200));
    const before = await makeHookFor(receiver.url);
    const hook = await makeHookFor(receiver.url);
    const rotatedUntil = (untilMs: number) => ({
      ...hook,
      previous: { sealedSecret: before.sealedSecret, sealedPrivateKey: null, untilMs },
    });
    await openSender().send(rotatedUntil(systemClock.nowMs() + 60_000), message, never);
    await openSender().send(rotatedUntil(systemClock.nowMs() - 1), message, never);
    const [during, after] = receiver.received.map(({ headers, body }) => ({ body, given: headers as never }));
    for (const { secret } of [before, hook]) {
      expect(new Webhook(secret).verify(during?.body ?? '', during?.given as never)).toBeDefined();
    }
    expect(() => new Webhook(before.secret).verify(after?.body ?? '', after?.given as never)).toThrow('No matching');
  });

  test('are also by an Ed25519 key, if it is asked for', async () => {
    await using receiver = await openHookReceiver(answerWith(204));
    const hook = await makeHookFor(receiver.url, true);
    await openSender().send(hook, message, never);
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    new Webhook(hook.secret).verify(body, headers as Record<string, string>);
    const signature = String(headers['webhook-signature']).match(/v1a,(\S+)/)?.[1] ?? '';
    const bytes = Buffer.from(hook.publicKey?.replace(/^whpk_/, '') ?? '', 'base64');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' });
    const signed = Buffer.from(`message-1.${headers['webhook-timestamp']}.${body}`);
    expect(verify(null, signed, key, Buffer.from(signature, 'base64'))).toBe(true);
  });
});

describe('a receiver', () => {
  const failure = { isDelivered: false, isGone: false, retryAfterMs: null, requests: 1 };

  test('accepts a message with any status of success', async () => {
    for (const status of [200, 202, 204]) {
      expect(await sendTo(answerWith(status))).toMatchObject({ isDelivered: true, answer: `answered ${status}` });
    }
  });

  test('is not followed when it redirects', async () => {
    await using elsewhere = await openHookReceiver(answerWith(200));
    expect(await sendTo(answerWith(307, { location: elsewhere.url }))).toEqual({
      ...failure,
      answer: 'answered 307, and redirects are not followed',
    });
    expect(elsewhere.received).toEqual([]);
  });

  test('says that it is gone, or how long to wait', async () => {
    expect(await sendTo(answerWith(410))).toMatchObject({ isDelivered: false, isGone: true });
    const wait = async (headers: Record<string, string>) => (await sendTo(answerWith(503, headers))).retryAfterMs;
    expect(await wait({ 'retry-after': '120' })).toBe(120_000);
    expect(await wait({ 'retry-after': '999999999' })).toBe(24 * 60 * 60 * 1000);
    const date = new Date(Date.UTC(2026, 0, 1)).toUTCString();
    expect(await wait({ date, 'retry-after': new Date(Date.UTC(2026, 0, 1, 1)).toUTCString() })).toBe(3_600_000);
    expect(await wait({ 'retry-after': 'soon' })).toBeNull();
  });

  test('fails if it hangs, closes the connection or sends no HTTP', async () => {
    expect(await sendTo(() => {}, 200)).toEqual({ ...failure, answer: 'no answer within 0 s' });
    const closed = { ...failure, answer: 'the connection was closed without an answer' };
    expect(await sendTo((_, { socket }) => socket.destroy())).toEqual(closed);
    expect(await sendTo((_, { socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-le'))).toEqual(closed);
    expect(await sendTo((_, { socket }) => socket.end('hello'))).toMatchObject({ isDelivered: false });
  });

  test('may send a long answer, of which little is read', async () => {
    let written = 0;
    const result = await sendTo((response) => {
      response.writeHead(200, { 'content-length': String(2 ** 30) });
      const piece = Buffer.alloc(64 * 1024);
      const more = () => {
        while (written < 2 ** 30 && !response.destroyed) {
          written += piece.length;
          if (!response.write(piece)) return;
        }
      };
      response.on('drain', more);
      more();
    });
    expect(result.isDelivered).toBe(true);
    expect(written).toBeLessThan(2 ** 26);
  });

  test('that sends its answer byte by byte is cut off in time', async () => {
    const sent = await sendTo((response) => void response.writeHead(200).write('.'), 200);
    expect(sent).toMatchObject({ isDelivered: true });
  });
});

describe('the guard', () => {
  test('refuses a name that resolves to an address inside, at each try', async () => {
    await using receiver = await openHookReceiver(answerWith(200));
    const hook = await makeHookFor(`http://localhost:${receiver.port}/`);
    const secure = { ...hook, url: `https://localhost:${receiver.port}/` };
    const outside = openSender({ allowedNetworks: [] });
    expect((await outside.send(secure, message, never)).answer).toMatch(
      /^localhost is (127\.0\.0\.1|::1), which is inside the network of the server or reserved$/,
    );
    expect((await outside.send(hook, message, never)).answer).toBe('the address is not https');
    expect((await openSender({ allowedNetworks: ['10.0.0.0/8'] }).send(hook, message, never)).isDelivered).toBe(false);
    expect(receiver.received).toEqual([]);
    expect((await openSender().send(hook, message, never)).isDelivered).toBe(true);
  });

  test('leaves names to a forward proxy, and refuses addresses before it is asked', async () => {
    const targets: string[] = [];
    await using proxy = await openHookReceiver((response, { url = '' }) => {
      targets.push(url);
      response.writeHead(200).end();
    });
    const proxies = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: 'direct.example' };
    const sender = openSender({ proxies, allowedNetworks: ['192.0.2.0/24'] });
    const inside = await makeHookFor('http://alerts.example/hook');
    expect((await sender.send(inside, message, never)).answer).toBe('answered 200');
    expect(targets).toEqual(['http://alerts.example/hook']);
    const refused = await makeHookFor('http://169.254.169.254/latest');
    expect((await sender.send(refused, message, never)).answer).toMatch(/^169\.254\.169\.254 is inside/);
    expect(targets).toHaveLength(1);
  });
});
