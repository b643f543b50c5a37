import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedJson, JsonFault, type JsonVisitor } from './bounded-json.ts';

/** Rebuilds a document as JSON text, so that its keys never touch an object's prototype. */
class Echo implements JsonVisitor {
  text = '';
  readonly #closers: string[] = [];

  beginObject(): void {
    this.#open('{', '}');
  }

  beginArray(): void {
    this.#open('[', ']');
  }

  end(): void {
    this.text += `${this.#closers.pop()}`;
  }

  key(name: string): void {
    this.#separate();
    this.text += `${JSON.stringify(name)}:`;
  }

  scalar(value: unknown): void {
    this.#separate();
    this.text += JSON.stringify(value);
  }

  #open(opener: string, closer: string): void {
    this.#separate();
    this.text += opener;
    this.#closers.push(closer);
  }

  #separate(): void {
    if (this.text !== '' && !/[:[{]$/.test(this.text)) this.text += ',';
  }
}

function walk(text: string | Uint8Array, pieceBytes = 7): string {
  const echo = new Echo();
  const json = new BoundedJson(echo);
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  for (let at = 0; at < bytes.length; at += pieceBytes) json.write(bytes.subarray(at, at + pieceBytes));
  json.end();
  return echo.text;
}

function faultOf(text: string | Uint8Array, pieceBytes?: number): JsonFault {
  try {
    walk(text, pieceBytes);
  } catch (error) {
    if (error instanceof JsonFault) return error;
    throw error;
  }
  throw new Error('the document was accepted');
}

describe('a document', () => {
  test('is parsed completely, however it is split', () => {
    const document = fc.json({ maxDepth: 5 }).filter((text) => !/["{,[:]\s*-0\b|^-0/.test(text));
    fc.assert(
      fc.property(document, fc.integer({ min: 1, max: 20 }), (text, pieceBytes) => {
        expect(JSON.parse(walk(text, pieceBytes))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('may use the names of a prototype', () => {
    const text = '{"__proto__":{"constructor":1},"toString":2}';
    expect(walk(text)).toBe(text);
  });

  test('that ends early is truncated; an invalid one is not', () => {
    const text = '{"a":[1,{"b":"c"},null],"d":true}';
    for (let length = 0; length < text.length; length += 1) {
      expect(faultOf(text.slice(0, length)).truncated, text.slice(0, length)).toBe(true);
    }
    for (const wrong of ['{"a" 1}', '{"a":1,}', '[1 2]', '[1,]', '{1:2}', '[}', '{]', '1 2', '{}{}', '[01]', 'nul!']) {
      expect(faultOf(wrong).truncated, wrong).toBe(false);
    }
  });

  test('with bytes that are not UTF-8 is refused', () => {
    expect(faultOf(Uint8Array.of(0x22, 0xff, 0xff, 0xff, 0xff, 0x22)).truncated).toBe(false);
  });
});

describe('a hostile document', () => {
  test('cannot nest without limit', () => {
    expect(faultOf('['.repeat(100_000), 4096).message).toContain('nested deeper than 64 levels');
  });

  test('cannot contain a string or key without limit', () => {
    const long = 'x'.repeat(1_100_000);
    expect(faultOf(`{"${long}`, 1 << 16).message).toContain('string longer than');
    expect(faultOf(`["${long}"]`, 1 << 22).message).toContain('string longer than');
  });

  test('cannot contain a number without limit', () => {
    expect(faultOf(`[${'1'.repeat(1000)}`, 100).message).toContain('number too long');
  });
});
