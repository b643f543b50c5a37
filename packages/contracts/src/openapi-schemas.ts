import { z } from 'zod';

export type Json = Record<string, unknown>;

/**
 * Converts a schema to JSON Schema for OpenAPI. Named schemas are in its `$defs`; {@link liftDefinitions} moves them.
 */
export function schemaOf(schema: z.core.$ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ jsonSchema }) => showPlainly(jsonSchema),
  });
  return rest;
}

/**
 * Replaces a schema by the one in its meta field `shown`, if it has one. Query parameters accept several spellings,
 * since URLs carry only text; the document shows the one that clients should use.
 */
function showPlainly(schema: Json): void {
  const { shown, default: value, description } = schema;
  if (typeof shown !== 'object') return;
  for (const key of Object.keys(schema)) delete schema[key];
  Object.assign(schema, shown, value !== undefined && { default: value }, description !== undefined && { description });
}

export function jsonContent(schema: z.ZodType, io: 'input' | 'output', example?: unknown): Json {
  const content = { schema: schemaOf(schema, io), ...(example !== undefined && { example }) };
  return { content: { 'application/json': content } };
}

/** Only the definitions with a name. One without is the recursion of plain JSON, which is shown as any value. */
function named(definitions: object): Json {
  return Object.fromEntries(Object.entries(definitions).filter(([name]) => !name.startsWith('__')));
}

function addSchemas(schemas: Json, added: Json): void {
  for (const [name, schema] of Object.entries(added)) {
    const isThere = name in schemas && JSON.stringify(schemas[name]) !== JSON.stringify(schema);
    if (isThere) throw new Error(`two schemas of the OpenAPI document are named ${name}`);
    schemas[name] = schema;
  }
}

/**
 * Moves the named schemas from the `$defs` of converted schemas to `schemas`, where OpenAPI looks for them, and updates
 * the references. Throws if two different schemas have one name.
 */
export function liftDefinitions(node: unknown, schemas: Json): unknown {
  if (Array.isArray(node)) return node.map((each) => liftDefinitions(each, schemas));
  if (typeof node !== 'object' || node === null) return node;
  const lifted: Json = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === '$defs') addSchemas(schemas, liftDefinitions(named(value), schemas) as Json);
    else if (key === '$ref') lifted[key] = String(value).replace('#/$defs/', '#/components/schemas/');
    else lifted[key] = liftDefinitions(value, schemas);
  }
  return lifted;
}
