import { BoundedJson, JsonFault, type JsonScalar, type JsonVisitor } from './bounded-json.ts';

/**
 * Reads the top-level strings, numbers, booleans and nulls with these names from a JSON document. Skips everything
 * else, in bounded memory. Throws {@link JsonFault}, and the errors of `bytes`.
 */
export async function readTopFields(
  bytes: AsyncIterable<Uint8Array>,
  names: readonly string[],
): Promise<ReadonlyMap<string, JsonScalar>> {
  const collector = new TopFields(new Set(names));
  const json = new BoundedJson(collector);
  for await (const piece of bytes) json.write(piece);
  json.end();
  return collector.values;
}

class TopFields implements JsonVisitor {
  readonly values = new Map<string, JsonScalar>();
  readonly #names: ReadonlySet<string>;
  #key = '';

  constructor(names: ReadonlySet<string>) {
    this.#names = names;
  }

  beginObject(): void {}

  beginArray(depth: number): void {
    if (depth === 0) throw new JsonFault('must be an object');
  }

  end(): void {}

  key(name: string, depth: number): void {
    if (depth !== 1) return;
    this.#key = name;
    if (this.values.has(name)) throw new JsonFault(`has ${name} twice`);
  }

  scalar(value: JsonScalar, depth: number): void {
    if (depth === 0) throw new JsonFault('must be an object');
    if (depth === 1 && this.#names.has(this.#key)) this.values.set(this.#key, value);
  }
}
