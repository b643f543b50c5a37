import fc from 'fast-check';
import { hostileValue } from './hostile-values.ts';

export type JsonSchema = { readonly [key: string]: unknown };

/** One in this many values is hostile, anywhere in a document. */
const soundToHostile = 12;

/** Values that a JSON schema describes, with some hostile ones. `known` are ids that exist. */
export function valuesOf(
  schema: JsonSchema,
  definitions: { readonly [name: string]: JsonSchema },
  known: readonly string[],
): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: soundToHostile, arbitrary: sound(schema) }, { weight: 1, arbitrary: hostileValue });

  function sound(schema: JsonSchema): fc.Arbitrary<unknown> {
    const { $ref, anyOf, enum: listed, const: only, type } = schema;
    if (typeof $ref === 'string') {
      return valuesOf(definitions[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {}, definitions, known);
    }
    if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((each: JsonSchema) => sound(each)));
    if (Array.isArray(listed)) return fc.constantFrom(...listed);
    if (only !== undefined) return fc.constant(only);
    if (type === 'object') return objects(schema);
    if (type === 'array') {
      return fc.array(valuesOf((schema.items ?? {}) as JsonSchema, definitions, known), { maxLength: 4 });
    }
    if (type === 'integer' || type === 'number') {
      return fc.integer({ min: asNumber(schema.minimum, 0), max: asNumber(schema.maximum, 100_000) });
    }
    if (type === 'boolean') return fc.boolean();
    if (type === 'null') return fc.constant(null);
    if (type === 'string') return texts(schema);
    return fc.jsonValue({ maxDepth: 2 });
  }

  function objects({ properties = {}, required = [] }: JsonSchema): fc.Arbitrary<unknown> {
    const fields = Object.entries(properties as Record<string, JsonSchema>);
    return fc.record(
      Object.fromEntries(fields.map(([name, field]) => [name, valuesOf(field, definitions, known)])),
      // Sometimes a required field is missing.
      { requiredKeys: (required as string[]).filter((_, index) => index % 5 !== 4) },
    );
  }

  function texts({ maxLength, pattern }: JsonSchema): fc.Arbitrary<string> {
    const plain = fc.string({ minLength: 1, maxLength: Math.min(asNumber(maxLength, 40), 40) });
    const patterned = typeof pattern === 'string' ? [fc.stringMatching(new RegExp(pattern))] : [];
    return fc.oneof(fc.constantFrom(...known), plain, ...patterned);
  }
}

function asNumber(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1)) : otherwise;
}
