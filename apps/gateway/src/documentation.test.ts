import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './testing.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({});
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Gets a path without a token. */
async function get(path: string) {
  const response = await fetch(new URL(path, gateway.endpoint));
  return { response, text: await response.text() };
}

test('the OpenAPI document is valid', async () => {
  const { text } = await get('/openapi.json');
  const result = await new Validator().validate(JSON.parse(text));
  expect(result).toEqual({ valid: true });
});

test('the OpenAPI document has everything that a generated client needs for each call', async () => {
  const document = JSON.parse((await get('/openapi.json')).text);
  const calls = Object.entries<Record<string, Operation>>(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );
  const ids = calls.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { path, operation } of calls) {
    const inPath = operation.parameters?.filter((parameter) => parameter.in === 'path').map(({ name }) => name) ?? [];
    expect(inPath).toEqual(Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name));
    const statuses = Object.keys(operation.responses).map(Number);
    expect(statuses.filter((status) => status < 400)).toHaveLength(1);
    expect(Math.max(...statuses)).toBeGreaterThanOrEqual(400);
  }
});

type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Record<string, unknown>;
};

test('the documentation page loads completely from this server', async () => {
  const { response, text } = await get('/docs');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/https?:|unsafe|upgrade/);
  expect(text).not.toMatch(/https?:\/\//);
  const assets = Array.from(text.matchAll(/(?:src|href)="([^"]+)"/g), ([, address]) => address ?? '');
  expect(assets.length).toBeGreaterThan(3);
  for (const asset of assets) {
    const loaded = await get(new URL(asset, `${gateway.endpoint}/docs`).pathname);
    expect([asset, loaded.response.status]).toEqual([asset, 200]);
    expect(loaded.text.length).toBeGreaterThan(10);
  }
  const { text: start } = await get('/docs/start.js');
  expect(start).toContain("url: 'openapi.json'");
});

test('below /docs, only the files of the page are served', async () => {
  for (const path of [
    '/docs/package.json',
    '/docs/swagger-ui-bundle.js.map',
    '/docs/../package.json',
    '/docs/%2e%2e%2fpackage.json',
  ]) {
    expect((await get(path)).response.status).toBe(404);
  }
});
