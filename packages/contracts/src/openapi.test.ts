import { expect, test } from 'vitest';
import { openApiDocument } from './openapi.ts';
import { operations } from './operations.ts';

const document = openApiDocument({ version: '1.2.3' }) as {
  paths: Record<string, Record<string, { operationId: string }>>;
  components: { schemas: Record<string, unknown> };
};

test('the OpenAPI document has every operation of the table at its path', () => {
  for (const [name, { path, method }] of Object.entries(operations)) {
    expect(document.paths[path]?.[method.toLowerCase()]?.operationId).toBe(name);
  }
});

test('every reference of the OpenAPI document leads to a schema that is there', () => {
  const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
  const names = Array.from(references, ([, reference]) => reference);
  expect(names).toContain('#/components/schemas/BackupSync');
  for (const reference of new Set(names)) {
    expect(document.components.schemas).toHaveProperty(String(reference).replace('#/components/schemas/', ''));
  }
});

test('the OpenAPI document gives the limits of the specification', () => {
  expect(document.components.schemas.BackupSync).toMatchObject({
    properties: {
      backup_name: { minLength: 1, maxLength: 64 },
      created_at: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
      resource_type: { default: 'OS::Native::Server' },
    },
    required: ['backup_id', 'backup_name', 'bucket_name', 'image_path', 'resource_id', 'resource_name', 'created_at'],
  });
});
