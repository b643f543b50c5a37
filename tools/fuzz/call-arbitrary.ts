import fc from 'fast-check';
import { callNames, consoleHeader, openApiDocument, streamNames } from '../../packages/contracts/src/index.ts';
import { hostileText, hostileValue } from './hostile-values.ts';
import { type JsonSchema, valuesOf } from './schema-arbitrary.ts';

/** A request as it is sent, with its body as bytes. */
export type FuzzedCall = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
};

/** Ids of things that exist on the server. */
export type Known = { readonly projectId: string; readonly token: string; readonly ids: readonly string[] };

type Parameter = { readonly name: string; readonly in: string; readonly schema: JsonSchema };
type Described = { readonly parameters?: readonly Parameter[]; readonly requestBody?: JsonSchema };

const streams: ReadonlySet<string> = new Set(streamNames);

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'];

/** Requests generated from the description of the API: valid, except for some hostile values. */
export function fuzzedCalls(known: Known): fc.Arbitrary<FuzzedCall> {
  const document = openApiDocument({ version: '0.0.0' });
  const { schemas } = document.components as { schemas: Record<string, JsonSchema> };
  const described = Object.entries(document.paths as Record<string, Record<string, Described>>).flatMap(
    ([path, byMethod]) => Object.entries(byMethod).map(([method, each]) => ({ path, method, each })),
  );
  const rest = described.map(({ path, method, each }) => restCall(path, method.toUpperCase(), each));
  return fc
    .oneof(
      { weight: 6, arbitrary: fc.oneof(...rest) },
      { weight: 2, arbitrary: trpcCall() },
      { weight: 1, arbitrary: sessionCall() },
      { weight: 1, arbitrary: anyCall() },
    )
    .chain(withOddities);

  function restCall(
    path: string,
    method: string,
    { parameters = [], requestBody }: Described,
  ): fc.Arbitrary<FuzzedCall> {
    const inPath = parameters.filter((each) => each.in === 'path');
    const inQuery = parameters.filter((each) => each.in === 'query');
    const schema = bodySchemaOf(requestBody);
    return fc
      .record({
        path: fc.record(Object.fromEntries(inPath.map(({ name }) => [name, pathText(name)]))),
        query: fc.record(
          Object.fromEntries(inQuery.map(({ name, schema }) => [name, valuesOf(schema, schemas, known.ids)])),
          { requiredKeys: [] },
        ),
        body: schema === undefined ? fc.constant(undefined) : valuesOf(schema, schemas, known.ids),
      })
      .map((made) => ({
        method,
        path: path.replaceAll(/\{(\w+)\}/g, (_, name: string) => made.path[name] ?? '') + queryOf(made.query),
        headers: { 'X-Auth-Token': known.token, ...(schema !== undefined && { 'Content-Type': 'application/json' }) },
        body: made.body === undefined ? null : JSON.stringify(made.body),
      }));
  }

  function pathText(name: string): fc.Arbitrary<string> {
    const right = name === 'project_id' ? fc.constant(known.projectId) : fc.constantFrom(...known.ids);
    const hostile = hostileText.map((text) => encodeURIComponent(text.toWellFormed()) || '-');
    return fc.oneof({ weight: 10, arbitrary: right }, { weight: 1, arbitrary: hostile });
  }

  function trpcCall(): fc.Arbitrary<FuzzedCall> {
    const names = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom<string>(...callNames) },
      { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'a.b', '', '%2e', '_def', 'createCaller') },
    );
    const input = fc.oneof(
      fc.record({ project_id: fc.constant(known.projectId), operation_id: fc.constantFrom(...known.ids) }),
      fc.record({ project_id: fc.constant(known.projectId), limit: hostileValue, lastEventId: hostileValue }),
      hostileValue,
    );
    return fc
      .record({
        method: fc.constantFrom('GET', 'POST'),
        names: fc.array(names, { minLength: 1, maxLength: 4 }),
        batch: fc.boolean(),
        inputs: fc.array(input, { maxLength: 4 }),
      })
      .map(({ method, names: called, batch, inputs }) => {
        // A batch of streams would never end, so each is called alone.
        const wanted = batch ? called.filter((name) => !streams.has(name)) : called.slice(0, 1);
        const text = JSON.stringify(batch ? Object.fromEntries(inputs.entries()) : inputs[0]) ?? '';
        const query = method === 'GET' ? `input=${encodeURIComponent(text.toWellFormed())}` : '';
        return {
          method,
          path: `/trpc/${wanted.join(',')}?${batch ? 'batch=1&' : ''}${query}`,
          headers: { 'X-Auth-Token': known.token, 'Content-Type': 'application/json' },
          body: method === 'GET' ? null : text,
        };
      });
  }

  /** Requests with a session cookie. A good one is sent to `/trpc` only: elsewhere a request could end its token. */
  function sessionCall(): fc.Arbitrary<FuzzedCall> {
    const site = fc.oneof(
      { weight: 4, arbitrary: fc.constant('same-origin') },
      fc.constantFrom('same-site', 'none', ''),
    );
    const page = site.map((from) => ({ 'Sec-Fetch-Site': from, [consoleHeader.name]: consoleHeader.value }));
    const cookie = fc.oneof(
      hostileText.map((text) => `backup_sync=${encodeURIComponent(text.toWellFormed())}`),
      fc.constantFrom('backup_sync=%', 'backup_sync=a; backup_sync=b', '__Host-backup_sync=a', 'backup_sync', ';;=;'),
    );
    const path = fc.constantFrom('/console/session', '/console/session/project', '/console/projects', '/console/');
    const fields = fc.record(
      { user_name: hostileValue, password: hostileValue, project_name: hostileValue, project_id: hostileValue },
      { requiredKeys: [] },
    );
    const ofConsole = fc
      .record({ method: fc.constantFrom(...methods), path, page, cookie, fields })
      .map(({ method, path, page, cookie, fields }) => ({
        method,
        path,
        headers: { ...page, Cookie: cookie, 'Content-Type': 'application/json' },
        body: ['POST', 'PUT'].includes(method) ? JSON.stringify(fields) : null,
      }));
    const good = fc.record({ call: trpcCall(), page }).map(({ call, page }) => ({
      ...call,
      headers: { ...page, Cookie: `backup_sync=${known.token}`, 'Content-Type': 'application/json' },
    }));
    return fc.oneof(ofConsole, good);
  }

  function anyCall(): fc.Arbitrary<FuzzedCall> {
    const segment = fc.oneof(
      fc.constantFrom(
        'v3',
        'v1',
        'projects',
        'trpc',
        'docs',
        'console',
        'session',
        'auth',
        'tokens',
        known.projectId,
        '..',
        '.',
        '',
        '%2e%2e',
        '%00',
      ),
      hostileText.map((text) => encodeURIComponent(text.toWellFormed())),
    );
    return fc
      .record({
        method: fc.constantFrom(...methods),
        segments: fc.array(segment, { maxLength: 5 }),
        body: fc.option(fc.oneof(fc.json(), fc.string(), fc.uint8Array({ maxLength: 200 })), { nil: null }),
      })
      .map(({ method, segments, body }) => ({ method, path: `/${segments.join('/')}`, headers: {}, body }));
  }
}

/** One request in five is changed: another method, wrong headers, a body that is cut or is not UTF-8. */
function withOddities(call: FuzzedCall): fc.Arbitrary<FuzzedCall> {
  const headers = fc.constantFrom<Record<string, string>>(
    { 'Content-Type': 'text/plain' },
    { 'Content-Type': 'application/json; charset=utf-16' },
    { 'Content-Type': 'multipart/form-data; boundary=x' },
    { 'Content-Type': ';;;' },
    { 'Content-Encoding': 'gzip' },
    { 'Content-Encoding': 'br, gzip' },
    { 'X-Auth-Token': 'a guess' },
    { 'X-Auth-Token': '' },
    { 'X-Subject-Token': 'a guess' },
    { Authorization: 'SDK-HMAC-SHA256 Access=a, SignedHeaders=host;x-sdk-date, Signature=00' },
    { Authorization: 'Basic Og==' },
    { Accept: 'image/png' },
    { 'Accept-Encoding': '*;q=0' },
    { 'Last-Event-ID': '-1' },
    { 'Last-Event-ID': '9'.repeat(40) },
    { Origin: 'null' },
    { Host: 'evil.example' },
    { Range: 'bytes=-1' },
    { 'If-None-Match': '*' },
    { 'X-Forwarded-For': 'unknown, 10.0.0.1' },
    { 'X-HTTP-Method-Override': 'DELETE' },
    { Cookie: 'a=b; __proto__=c' },
  );
  const bent = fc.oneof(
    headers.map((odd) => ({ ...call, headers: { ...call.headers, ...odd } })),
    fc.constantFrom(...methods).map((method) => ({ ...call, method })),
    fc
      .nat(200)
      .map((length) => ({ ...call, body: typeof call.body === 'string' ? call.body.slice(0, length) : call.body })),
    fc.uint8Array({ maxLength: 60 }).map((body) => ({ ...call, body })),
    fc
      .constantFrom('?', '?a', '?limit=1&limit=2', '?a[b]=c', '?__proto__=x', '?%', '?%ff=%fe', '//', ';x', '%')
      .map((tail) => ({
        ...call,
        path: call.path + tail,
      })),
  );
  return fc.oneof({ weight: 4, arbitrary: fc.constant(call) }, { weight: 1, arbitrary: bent });
}

function bodySchemaOf(requestBody: JsonSchema | undefined): JsonSchema | undefined {
  const content = requestBody?.content as { 'application/json': { schema: JsonSchema } } | undefined;
  return content?.['application/json'].schema;
}

function queryOf(query: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(query).map(([name, value]) => {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
    return `${name}=${encodeURIComponent(text.toWellFormed())}`;
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
