import { z } from 'zod';
import { type CallDefinition, hasBody } from './call-definition.ts';
import { calls, pathFields } from './calls.ts';
import { type ErrorBody, errorBody } from './error-body.ts';
import { type ErrorCode, errors } from './error-code.ts';
import { addExamples } from './openapi-examples.ts';
import { identityPaths } from './openapi-identity.ts';
import { type Json, jsonContent, liftDefinitions, schemaOf } from './openapi-schemas.ts';

/** Errors that every call may fail with. */
const commonRefusals = [
  'invalid_request',
  'not_authenticated',
  'token_without_project',
  'token_restricted',
  'project_not_allowed',
  'role_not_allowed',
  'throttled',
  'internal',
  'unavailable',
  'catalogue_full',
] as const satisfies readonly ErrorCode[];

/** Errors that a call with a body may also fail with. */
const bodyRefusals = ['malformed_json', 'not_json', 'body_too_large'] as const satisfies readonly ErrorCode[];

/** The OpenAPI 3.1 document of the REST API, generated from the table of calls. */
export function openApiDocument(options: { readonly version: string }): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = { ...identityPaths(refusals) };
  for (const [name, definition] of Object.entries<CallDefinition>(calls)) {
    paths[definition.path] = {
      ...paths[definition.path],
      [definition.method.toLowerCase()]: describe(name, definition),
    };
  }
  const lifted = liftDefinitions(paths, schemas) as Json;
  addExamples(lifted, schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'backup-sync',
      version: options.version,
      description:
        'Imports backups from object storage into a catalogue and proves that each chain is whole. Compatible with Synchronizing a Backup of Cloud Backup and Recovery (CBR). Times are in UTC, with or without a zone letter.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '.', description: 'The server of this document.' }],
    security: [{ token: [] }, { signature: [] }],
    tags: [
      { name: 'CBR', description: 'Calls of Cloud Backup and Recovery, at the same paths.' },
      { name: 'backup-sync', description: 'Calls that only backup-sync has.' },
      { name: 'identity', description: 'Tokens and projects, in the form of OpenStack Keystone.' },
    ],
    paths: lifted,
    components: {
      securitySchemes: {
        token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token', description: 'Token from POST /v3/auth/tokens.' },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description:
            'SDK-HMAC-SHA256 signature with an access key, as the official SDKs sign; needs the header X-Sdk-Date.',
        },
      },
      schemas,
    },
  };
}

function describe(name: string, definition: CallDefinition): Json {
  const inPath = pathFields(definition.path);
  const omitted = Object.fromEntries(inPath.map((field) => [field, true as const]));
  return {
    operationId: name,
    summary: definition.summary,
    description: [definition.details, `Requires the role ${definition.role}.`].filter(Boolean).join(' '),
    tags: [definition.path.startsWith('/v3/') ? 'CBR' : 'backup-sync'],
    parameters: parametersOf(definition, inPath),
    ...(hasBody(definition) && {
      requestBody: { required: true, ...jsonContent(definition.input.omit(omitted), 'input') },
    }),
    responses: {
      [definition.successStatus]: successOf(definition),
      ...refusals([...commonRefusals, ...(hasBody(definition) ? bodyRefusals : []), ...(definition.refusals ?? [])]),
    },
  };
}

function parametersOf(definition: CallDefinition, inPath: readonly string[]): Json[] {
  const fields = Object.entries(definition.input.shape).filter(
    ([field]) => inPath.includes(field) || !hasBody(definition),
  );
  const parameters = fields.map(([field, described]) => {
    const { example: _, ...schema } = schemaOf(described, 'input');
    return {
      name: field,
      in: inPath.includes(field) ? 'path' : 'query',
      required: inPath.includes(field) || !z.safeParse(described, undefined).success,
      // Lists are sent as one value, separated by commas.
      ...(schema.type === 'array' && { style: 'form', explode: false }),
      schema,
    };
  });
  if (definition.kind !== 'stream') return parameters;
  const lastEventId = {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description:
      'Id of the last event that a reconnecting reader has read. Overrides `after`. A signed request must sign it too.',
    schema: { type: 'string' },
  };
  return [...parameters, lastEventId];
}

function successOf({ successStatus, kind, output }: CallDefinition): Json {
  const headers = { 'X-Request-Id': { description: 'Id of this request.', schema: { type: 'string' } } };
  if (successStatus === 204) return { description: 'Done', headers };
  if (kind !== 'stream') return { description: 'OK', headers, ...jsonContent(output, 'output') };
  const description =
    'Server-sent events. `id` is the cursor to resume after, `event` is `operation`, `data` is JSON of this schema.';
  return { description, headers, content: { 'text/event-stream': { schema: schemaOf(output, 'output') } } };
}

/** The error answers of a call: one for each HTTP status, with the codes it stands for. */
function refusals(codes: readonly ErrorCode[]): Json {
  // Not Map.groupBy, which Node.js 20 lacks.
  const statuses = new Set(codes.map((code) => errors[code].httpStatus));
  const codesOf = (status: number) => codes.filter((code) => errors[code].httpStatus === status);
  return Object.fromEntries(
    [...statuses].map((status) => [
      status,
      {
        description: codesOf(status)
          .map((code) => `${errors[code].number} ${code}`)
          .join(', '),
        headers: {
          'X-Request-Id': { description: 'Id of this request.', schema: { type: 'string' } },
          ...((status === 429 || status === 503) && {
            'Retry-After': { description: 'Minimum number of seconds to wait.', schema: { type: 'integer' } },
          }),
        },
        ...jsonContent(errorBody, 'output', exampleRefusal(codesOf(status)[0] as ErrorCode)),
      },
    ]),
  );
}

function exampleRefusal(code: ErrorCode): ErrorBody {
  const { number, remedy } = errors[code];
  const message = code.replaceAll('_', ' ');
  return {
    error_code: number,
    error_msg: message,
    message,
    request_id: '019ab1c2-7081-72a3-b4c5-d6e7f8091a2b',
    remedy,
  };
}
