import { expect, test } from 'vitest';
import { calls } from './calls.ts';
import { openApiDocument } from './openapi.ts';
import { liftDefinitions } from './openapi-schemas.ts';

const document = openApiDocument({ version: '1.2.3' }) as {
  paths: Record<string, Record<string, { operationId: string }>>;
  components: { schemas: Record<string, unknown> };
};

test('the OpenAPI document has every call of the table at its path', () => {
  for (const [name, { path, method }] of Object.entries(calls)) {
    expect(document.paths[path]?.[method.toLowerCase()]?.operationId).toBe(name);
  }
});

test('the OpenAPI document lists the error codes of each call', () => {
  const document = openApiDocument({ version: '1.2.3' }) as {
    paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
  };
  const responses = document.paths['/v3/{project_id}/backups/{backup_id}']?.delete?.responses ?? {};
  expect(Object.keys(responses).toSorted()).toEqual(['204', '400', '401', '403', '404', '409', '429', '500', '503']);
  expect(responses[404]?.description).toBe('BackupSync.1009 backup_not_found');
});

test('the OpenAPI document needs no Map.groupBy, which Node.js 20 lacks', () => {
  const { groupBy } = Map;
  Reflect.deleteProperty(Map, 'groupBy');
  try {
    expect(openApiDocument({ version: '1.2.3' })).toEqual(document);
  } finally {
    Object.assign(Map, { groupBy });
  }
});

test('every reference in the OpenAPI document resolves to a schema', () => {
  const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
  const names = Array.from(references, ([, reference]) => reference);
  expect(names).toContain('#/components/schemas/BackupSync');
  for (const reference of new Set(names)) {
    expect(document.components.schemas).toHaveProperty(String(reference).replace('#/components/schemas/', ''));
  }
});

test('the OpenAPI document has the limits of the specification', () => {
  expect(document.components.schemas.BackupSync).toMatchObject({
    properties: {
      backup_name: { minLength: 1, maxLength: 64 },
      created_at: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
      resource_type: { default: 'OS::Native::Server' },
    },
    required: ['backup_id', 'backup_name', 'bucket_name', 'image_path', 'resource_id', 'resource_name', 'created_at'],
  });
});

test('two different schemas of one name are refused', () => {
  const use = (type: string) => ({ schema: { $ref: '#/$defs/Thing', $defs: { Thing: { type } } } });
  expect(() => liftDefinitions([use('string'), use('string')], {})).not.toThrow();
  expect(() => liftDefinitions([use('string'), use('integer')], {})).toThrow('named Thing');
});

test('parameters that a call cannot do without are marked as required', () => {
  const { paths } = document as {
    paths: Record<string, Record<string, { parameters?: { name: string; required: boolean }[] }>>;
  };
  const { parameters = [] } = paths['/v1/projects/{project_id}/roles']?.delete ?? {};
  expect(parameters.filter(({ required }) => required).map(({ name }) => name)).toEqual([
    'project_id',
    'user_name',
    'target_project_id',
  ]);
});

type Described = {
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
};

/** Fields of Keystone's wrapper objects, which the object itself explains. */
const wrapped = /\.(links|media-types)\./;

/** The paths of the fields without a description. A field of a named type may have the description of its type. */
function undescribed(node: unknown, path: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { properties = {} } = node as Described;
  const fields = Object.entries(properties)
    .filter(([, { description, $ref = '' }]) => {
      const type = document.components.schemas[$ref.replace('#/components/schemas/', '')] as Described | undefined;
      return (description ?? type?.description) === undefined;
    })
    .map(([name]) => `${path}.${name}`);
  const within = Object.entries(node)
    .filter(([key]) => key !== 'example' && key !== 'examples')
    .flatMap(([key, value]) =>
      undescribed(value, ['properties', 'items', 'anyOf'].includes(key) ? path : `${path}.${key}`),
    );
  return [...fields, ...within].filter((each) => !wrapped.test(each));
}

test('every field of requests and answers has a description', () => {
  expect(undescribed(document.components.schemas, 'schemas')).toEqual([]);
  expect(undescribed(document.paths, 'paths')).toEqual([]);
});

test('every parameter has a description', () => {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const parameters = operations.flatMap(({ operationId, ...operation }) => {
    const { parameters: those = [] } = operation as { parameters?: { name: string; schema: Described }[] };
    return those.map(({ name, schema, ...parameter }) => ({
      name: `${operationId} ${name}`,
      description: (parameter as Described).description ?? schema.description,
    }));
  });
  expect(parameters.filter(({ description }) => description === undefined)).toEqual([]);
});
