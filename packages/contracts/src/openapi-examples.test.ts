import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type CallName, callNames, calls, isStream } from './calls.ts';
import { openApiDocument } from './openapi.ts';

type Media = { readonly schema: object; readonly example?: unknown };
type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object & { examples?: unknown[] };
  }[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, { readonly content?: Record<string, Media> }>;
};

const document = openApiDocument({ version: '1.2.3' }) as { paths: Record<string, Record<string, Operation>> };
const documented = Object.values(document.paths).flatMap((methods) => Object.values(methods));

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document, 'document');

/** Why an example does not match its schema; null if it does. */
function problemOf(schema: object, example: unknown): string | null {
  const inDocument = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/'));
  return ajv.validate(inDocument, example) ? null : ajv.errorsText();
}

test.each(documented)('$operationId has examples of its request and answers that match their schemas', (call) => {
  const bodies = Object.values(call.requestBody?.content ?? {});
  const answers = Object.values(call.responses).flatMap(({ content = {} }) => Object.values(content));
  for (const { schema, example } of [...bodies, ...answers]) {
    expect(example).toBeDefined();
    expect([problemOf(schema, example), example]).toEqual([null, example]);
  }
  for (const { name, required, schema } of call.parameters ?? []) {
    if (required) expect([name, problemOf(schema, schema.examples?.[0])]).toEqual([name, null]);
  }
});

describe('the code that parses real requests and answers parses the examples', () => {
  function find(name: CallName): Operation {
    return documented.find(({ operationId }) => operationId === name) as Operation;
  }

  test.each(callNames)('%s', (name) => {
    const { parameters = [], requestBody, responses } = find(name);
    const { input, output, successStatus } = calls[name];
    const addressed = parameters.flatMap(({ name, required, schema }) =>
      required ? [[name, schema.examples?.[0]]] : [],
    );
    const body = Object.values(requestBody?.content ?? {})[0]?.example ?? {};
    expect(() => input.parse({ ...body, ...Object.fromEntries(addressed) })).not.toThrow();
    const type = isStream(name) ? 'text/event-stream' : 'application/json';
    const answer = responses[successStatus]?.content?.[type]?.example;
    expect(() => output.parse(answer)).not.toThrow();
  });

  test('syncBackups shows the example of the specification', () => {
    const item = {
      backup_id: '1f9e6b47-7655-4a19-b563-21b4ef023025',
      resource_id: '96f7512d-239d-3f31-80cf-d1ce041df9a6',
      resource_name: 'resource_name',
      resource_type: 'OS::Native::Server',
      bucket_name: '1555230361623e4ce4700dab84b7d8169a5eaec05227d',
      image_path:
        '6abec15e-7baf-4d79-b5a9-6b98a2da7020/cfe0295c-5939-4b31-96cd-161b4725e7ad/cfe0295c-5939-4b31-96cd-161b4725e7ad',
      created_at: 1553587260,
      backup_name: 'backup_name',
    };
    expect(find('syncBackups').requestBody?.content['application/json']?.example).toEqual({ sync: [item] });
  });
});
