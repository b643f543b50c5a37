import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

const advisory = {
  id: 1,
  module_name: 'express',
  severity: 'high',
  title: 'Sends unasked answers',
  url: 'https://advisories.example/1',
  vulnerable_versions: '<99.0.0',
  patched_versions: '>=99.0.0',
  findings: [{ version: '5.3.0', paths: ['apps__gateway>express'] }],
};

/** Creates an answer in the form of registries, about as many packages as the request had. */
function report(advisories: object, packages: number): string {
  const vulnerabilities = { info: 0, low: 0, moderate: 0, high: Object.keys(advisories).length, critical: 0 };
  return JSON.stringify({
    actions: [],
    muted: [],
    advisories,
    metadata: { vulnerabilities, dependencies: packages, totalDependencies: packages },
  });
}

/** Answers of a registry, by the first segment of its address. */
const answers: Record<string, (response: ServerResponse, packages: number) => void> = {
  advisory: (response, packages) => response.end(report({ 1: advisory }, packages)),
  none: (response, packages) => response.end(report({}, packages)),
  'looked-at-none': (response) => response.end(report({}, 0)),
  'not-offered': (response) => response.writeHead(405).end(),
  rubbish: (response) => response.end('<html>'),
  'empty-object': (response) => response.end('{}'),
  cut: (response) => response.writeHead(200, { 'Content-Length': 100 }).write('{', () => response.destroy()),
  silent: () => {},
};

const registry = createServer(async (request, response) => {
  const [, way = '', ...path] = (request.url ?? '').split('/');
  const { dependencies } = JSON.parse(await text(request));
  // pnpm asks in one of two ways. Both name the packages of this repository.
  expect(path.join('/')).toMatch(/^-\/npm\/v1\/security\/audits(\/quick)?$/);
  expect(Object.keys(dependencies)).toContain('apps__gateway');
  answers[way]?.(response.setHeader('Content-Type', 'application/json'), Object.keys(dependencies).length);
});
let address: string;
beforeAll(async () => {
  await once(registry.listen(0, '127.0.0.1'), 'listening');
  address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
});
afterAll(async () => {
  registry.closeAllConnections();
  await once(registry.close(), 'close');
});

/** Runs the script with this registry. */
function advisories(registryUrl: string): Promise<{ code: number | null; output: string; messages: string }> {
  const env = {
    ...process.env,
    PATH: [join(import.meta.dirname, '../../node_modules/.bin'), process.env.PATH].join(delimiter),
    npm_config_registry: registryUrl,
    npm_config_fetch_retries: '0',
    npm_config_fetch_timeout: '1000',
  };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(import.meta.dirname, 'advisories.ts')],
      { env },
      (_, output, messages) => resolve({ code: child.exitCode, output, messages }),
    );
  });
}

test('an advisory of a shipped package is printed, and fails the command', async () => {
  expect(await advisories(`${address}/advisory/`)).toEqual({
    code: 1,
    output: expect.stringMatching(/^advisories: 1; packages checked: \d+\n$/),
    messages: 'express, high: Sends unasked answers (https://advisories.example/1)\n',
  });
});

test('without advisories, the number of checked packages is printed', async () => {
  const output = expect.stringMatching(/^advisories: 0; packages checked: [1-9]\d*\n$/);
  expect(await advisories(`${address}/none/`)).toEqual({ code: 0, output, messages: '' });
});

test.each([
  ['not-offered', 'responded with 405'],
  ['rubbish', 'is not valid JSON'],
  ['empty-object', 'no package was checked for advisories: pnpm: '],
  ['looked-at-none', 'the registry does not say that it checked any package'],
  ['cut', 'no package was checked for advisories: '],
  ['silent', 'ERR_SOCKET_TIMEOUT'],
])('a registry that answers like this does not count as one without advisories: %s', async (way, why) => {
  const { code, output, messages } = await advisories(`${address}/${way}/`);
  expect({ code, output }).toEqual({ code: 2, output: '' });
  expect(messages).toMatch(/^no package was checked for advisories: /);
  expect(messages).toContain(why);
});

test('a registry that is not reachable does not count as one without advisories', async () => {
  const { code, output, messages } = await advisories('http://127.0.0.1:9/');
  expect({ code, output }).toEqual({ code: 2, output: '' });
  expect(messages).toContain('ECONNREFUSED');
});
