import { z } from 'zod';
import { errorBody } from './error-code.ts';
import { issueTokenAnswer, issueTokenRequest } from './identity.ts';
import { type OperationDefinition, operations, pathFields } from './operations.ts';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the REST API, made from the table of operations. */
export function openApiDocument(options: { readonly version: string }): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = { '/v3/auth/tokens': { post: tokenOperation() } };
  for (const [name, definition] of Object.entries<OperationDefinition>(operations)) {
    paths[definition.path] = {
      ...paths[definition.path],
      [definition.method.toLowerCase()]: describe(name, definition),
    };
  }
  const document = liftDefinitions(paths, schemas);
  liftDefinitions(errorResponse, schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'backup-sync',
      version: options.version,
      description:
        'Brings backups that lie in object storage into the catalogue. Compatible with Synchronizing a Backup of Cloud Backup and Recovery.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ token: [] }],
    paths: document,
    components: {
      securitySchemes: { token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' } },
      schemas,
    },
  };
}

/**
 * Moves the named schemas that a converted schema carries in `$defs` to `schemas`, where OpenAPI looks for them,
 * and points the references there.
 */
function liftDefinitions(node: unknown, schemas: Json): unknown {
  if (Array.isArray(node)) return node.map((each) => liftDefinitions(each, schemas));
  if (typeof node !== 'object' || node === null) return node;
  const lifted: Json = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === '$defs') Object.assign(schemas, liftDefinitions(value, schemas));
    else if (key === '$ref') lifted[key] = String(value).replace('#/$defs/', '#/components/schemas/');
    else lifted[key] = liftDefinitions(value, schemas);
  }
  return lifted;
}

function describe(name: string, definition: OperationDefinition): Json {
  const inPath = new Set(pathFields(definition.path));
  const fields = Object.entries(definition.input.shape);
  const parameters = fields
    .filter(([field]) => inPath.has(field) || definition.method !== 'POST')
    .map(([field, schema]) => ({
      name: field,
      in: inPath.has(field) ? 'path' : 'query',
      required: inPath.has(field),
      schema: schemaOf(schema, 'input'),
    }));
  const omitted = Object.fromEntries([...inPath].map((field) => [field, true as const]));
  return {
    operationId: name,
    summary: definition.summary,
    parameters,
    ...(definition.method === 'POST' && { requestBody: jsonBody(definition.input.omit(omitted), 'input') }),
    responses: {
      [definition.successStatus]:
        definition.successStatus === 204
          ? { description: 'Done' }
          : { description: 'OK', ...jsonBody(definition.output, 'output') },
      default: errorResponse,
    },
  };
}

function tokenOperation(): Json {
  return {
    operationId: 'issueToken',
    summary: 'Issue a token; it comes in the header X-Subject-Token',
    security: [],
    requestBody: jsonBody(issueTokenRequest, 'input'),
    responses: {
      201: {
        description: 'Issued',
        headers: { 'X-Subject-Token': { schema: { type: 'string' } } },
        ...jsonBody(issueTokenAnswer, 'output'),
      },
      default: errorResponse,
    },
  };
}

const errorResponse: Json = {
  description: 'Refused',
  ...jsonBody(errorBody, 'output'),
};

function jsonBody(schema: z.ZodType, io: 'input' | 'output'): Json {
  return {
    ...(io === 'input' && { required: true }),
    content: { 'application/json': { schema: schemaOf(schema, io) } },
  };
}

function schemaOf(schema: z.core.$ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    reused: 'inline',
  });
  return rest;
}
