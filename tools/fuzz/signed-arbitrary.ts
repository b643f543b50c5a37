import fc from 'fast-check';
import type { TestKey } from '../../apps/gateway/src/signing-for-tests.ts';
import { type CallDefinition, callNames, calls } from '../../packages/contracts/src/index.ts';
import { hostileText } from './hostile-values.ts';
import type { Meaning } from './sign-meaning.ts';

/** A change of what a request means, made after it was signed. */
type Change = (meaning: Meaning) => Meaning;

/** A request that is signed with a key, and a change after which it is another request. */
export type SignedCall = {
  readonly key: TestKey;
  readonly meaning: Unsent;
  readonly change: { readonly name: string; readonly make: Change };
  /** Selects how it is encoded; see spell-request.ts. */
  readonly choices: number;
};

/** The meaning before host and date are known. */
type Unsent = Omit<Meaning, 'host' | 'date'>;

/** Requests with any method, path, query, headers and body, signed with any of the keys. */
export function signedCalls(
  projectId: string,
  keys: readonly TestKey[],
  ids: readonly string[],
): fc.Arbitrary<SignedCall> {
  const text = fc.oneof(fc.constantFrom(...ids), hostileText).map((each) => each.toWellFormed().slice(0, 300));
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND', 'QUERY');
  const end = fc.constantFrom<readonly string[]>([], [], [], ['']);
  const routed = fc.constantFrom(...callNames).chain((name) => {
    const { method, path }: CallDefinition = calls[name];
    const segments = path
      .slice(1)
      .split('/')
      .map((segment) => {
        if (segment === '{project_id}') return fc.constant(projectId);
        return segment.startsWith('{') ? text.filter((each) => each !== '') : fc.constant(segment);
      });
    return fc.record({
      method: method === 'GET' ? fc.constantFrom('GET', 'GET', 'HEAD') : fc.constant(method),
      segments: fc.tuple(fc.tuple(...segments), end).map((each) => each.flat()),
    });
  });
  const called = fc.constantFrom(...callNames).map((name) => {
    const { kind }: CallDefinition = calls[name];
    return { method: kind === 'mutation' ? 'POST' : 'GET', segments: ['trpc', name] };
  });
  const anywhere = fc.record({
    method,
    segments: fc
      .tuple(
        fc.constantFrom<readonly string[]>(
          ['v3', projectId, 'backups'],
          ['v3', '..', 'v3', projectId, 'backups'],
          ['', 'v3', projectId, 'backups'],
          ['v1', 'projects', projectId],
          [],
        ),
        fc.array(fc.oneof(text, fc.constant('')), { maxLength: 3 }),
      )
      .map((each) => each.flat()),
  });
  const addressed = fc.oneof(
    { weight: 6, arbitrary: routed },
    { weight: 2, arbitrary: called },
    { weight: 2, arbitrary: anywhere },
  );
  const value = fc.oneof(
    fc.constant(''),
    fc.string({ unit: fc.constantFrom(...'aZ 0,;:="é备'), maxLength: 12 }).map((each) => each.trim()),
  );
  const body = fc.oneof(
    fc.constant(''),
    fc.json(),
    fc.string({ unit: 'grapheme', maxLength: 100 }).map((each) => each.toWellFormed()),
  );
  const content = fc.record({
    query: fc.array(fc.tuple(fc.oneof(fc.constantFrom('limit', 'name', 'a'), text), text), { maxLength: 4 }),
    headers: fc
      .array(value, { minLength: 1, maxLength: 3 })
      .map((values) => [['content-type', ['application/json']] as const, ['x-note', values] as const]),
    // A body that is not UTF-8 is another one after tRPC has read it as text. That is refused on purpose.
    body: body.map((each) => Buffer.from(each)),
  });
  const meaning = fc.tuple(addressed, content).map(([address, rest]) => ({ ...address, ...rest }));
  return fc.record({ key: fc.constantFrom(...keys), meaning, change: fc.constantFrom(...changes), choices: fc.nat() });
}

const changes: readonly SignedCall['change'][] = [
  { name: 'method', make: (each) => ({ ...each, method: each.method === 'GET' ? 'DELETE' : 'GET' }) },
  {
    name: 'a longer segment',
    make: (each) => ({ ...each, segments: [...each.segments.slice(0, -1), `${each.segments.at(-1) ?? ''}x`] }),
  },
  { name: 'one more segment', make: (each) => ({ ...each, segments: [...each.segments, 'x'] }) },
  { name: 'a slash in a segment', make: (each) => ({ ...each, segments: [`${each.segments.join('/')}/x`] }) },
  { name: 'one more query field', make: (each) => ({ ...each, query: [...each.query, ['limit', '1']] }) },
  { name: 'a query field twice', make: (each) => ({ ...each, query: [...each.query, each.query[0] ?? ['', '']] }) },
  {
    name: 'a repeated header',
    make: ({ headers, ...each }) => ({ ...each, headers: withNote(headers, 'more') }),
  },
  {
    name: 'another content type',
    make: (each) => ({ ...each, headers: [['content-type', ['text/plain']], ...each.headers.slice(1)] }),
  },
  { name: 'another host', make: (each) => ({ ...each, host: 'evil.example' }) },
  {
    name: 'another date',
    make: (each) => ({ ...each, date: each.date.replace(/.Z$/, (end) => (end === '0Z' ? '1Z' : '0Z')) }),
  },
  { name: 'a longer body', make: (each) => ({ ...each, body: Buffer.concat([each.body, Buffer.from(' ')]) }) },
];

function withNote(headers: Meaning['headers'], value: string): Meaning['headers'] {
  return headers.map(([name, values]) => [name, name === 'x-note' ? [...values, value] : values]);
}
