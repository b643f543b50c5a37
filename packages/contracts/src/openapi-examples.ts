import { exampleBodies, exampleValues, notShown } from './openapi-example-values.ts';
import type { Json } from './openapi-schemas.ts';

/** The context in which the example of a schema is built. */
type Place = {
  readonly schemas: Json;
  /** Name of the field with this schema; empty at the root of a body. */
  readonly field: string;
  /** Name of the schema, or of the field, that the field is in. */
  readonly owner: string;
  /** Whether to leave out optional fields without a default. */
  readonly isBrief: boolean;
};

/**
 * Adds an example to every body and every required parameter, derived from its schema. `schemas` resolves references.
 */
export function addExamples(paths: Json, schemas: Json): void {
  for (const operation of Object.values(paths as Record<string, Json>).flatMap((each) => Object.values(each))) {
    const { operationId, requestBody, parameters, responses } = operation as Operation;
    if (requestBody !== undefined) {
      addTo(requestBody, (schema) => exampleBodies[operationId] ?? exampleOf(schema, start(schemas, true)));
    }
    for (const { name, required, schema } of parameters ?? []) {
      // The page that shows this document would fill in, and send, an example given next to the schema.
      if (required) schema.examples = [exampleOf(schema, { ...start(schemas, true), field: name })];
    }
    for (const response of Object.values(responses)) {
      addTo(response, (schema) => exampleOf(schema, start(schemas, false)));
    }
  }
}

type Body = { readonly content?: Record<string, Json> };
type Operation = {
  readonly operationId: string;
  readonly requestBody?: Body;
  readonly parameters?: readonly { readonly name: string; readonly required: boolean; readonly schema: Json }[];
  readonly responses: Record<string, Body>;
};

/** Adds an example to each media type of a body that does not have one. */
function addTo({ content = {} }: Body, make: (schema: Json) => unknown): void {
  for (const media of Object.values(content)) media.example ??= make(media.schema as Json);
}

function start(schemas: Json, isBrief: boolean): Place {
  return { schemas, isBrief, field: '', owner: '' };
}

function exampleOf(schema: Json, place: Place): unknown {
  const { schemas, field, owner } = place;
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace('#/components/schemas/', '');
    const referred = schemas[name] as Json;
    const known = knownValue(referred, place);
    return known === undefined ? exampleOf(referred, { ...place, owner: name, field: '' }) : known;
  }
  if (place.isBrief && 'default' in schema) return schema.default;
  const known = knownValue(schema, place);
  if (known !== undefined) return known;
  if (Array.isArray(schema.examples)) return schema.examples[0];
  for (const key of ['example', 'default', 'const']) if (key in schema) return schema[key];
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const branches = (schema.anyOf ?? schema.oneOf) as readonly Json[] | undefined;
  if (branches?.[0] !== undefined) return exampleOf(branches[0], place);
  switch (typesOf(schema)[0]) {
    case 'object':
      return exampleOfObject(schema, { ...place, owner: field === '' ? owner : field });
    case 'array':
      return schema.items === undefined ? [] : [exampleOf(schema.items as Json, place)];
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return Math.max(Number(schema.minimum ?? 0), 0);
    case 'string':
      return field;
    case 'null':
      return null;
    default:
      return {};
  }
}

function exampleOfObject({ properties = {}, required = [] }: Json, place: Place): Json {
  const shown = Object.entries(properties as Record<string, Json>).filter(([name, schema]) => {
    if (notShown.has(`${place.owner}.${name}`)) return false;
    return !place.isBrief || (required as string[]).includes(name) || 'default' in schema;
  });
  return Object.fromEntries(shown.map(([name, schema]) => [name, exampleOf(schema, { ...place, field: name })]));
}

/** The listed value for this field, if it fits the schema. A value listed for `owner.field` comes first. */
function knownValue(schema: Json, { owner, field }: Place): unknown {
  return [exampleValues[`${owner}.${field}`], exampleValues[field]].find(
    (value) => value !== undefined && fits(value, schema),
  );
}

function fits(value: unknown, schema: Json): boolean {
  const branches = (schema.anyOf ?? schema.oneOf) as readonly Json[] | undefined;
  if (branches !== undefined) return branches.some((branch) => fits(value, branch));
  if (Array.isArray(schema.enum)) return schema.enum.includes(value);
  if ('const' in schema) return schema.const === value;
  if (typeof value === 'string' && typeof schema.pattern === 'string') return new RegExp(schema.pattern).test(value);
  return typesOf(schema).includes(typeOf(value));
}

function typesOf({ type }: Json): readonly string[] {
  const types = (Array.isArray(type) ? type : [type]).filter((each) => typeof each === 'string');
  return types.includes('number') ? [...types, 'integer'] : types;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
