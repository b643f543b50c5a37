import { Tokenizer, TokenizerError, TokenType } from '@streamparser/json';

/** Deepest accepted nesting. Backup programs write five levels. */
const depthMax = 64;
/**
 * Longest string or key, in UTF-16 units. The longest genuine string is a volume's metadata, some tens of thousands.
 * Each escaped character takes a microsecond, so many millions of them in a hostile file would cost too much.
 */
const stringUnitsMax = 1024 * 1024;
/** Bytes of a string that are buffered before decoding. Decoding each escaped character alone would cost twice. */
const stringBufferSize = 64 * 1024;
/** Maximum number of characters of a number. Any number that a double represents exactly is shorter. */
const numberCharactersMax = 64;

/** A document is not JSON or exceeds the limits. The message says where. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';
  /** True if the document only ends too early. It may then be the start of a valid one. */
  readonly truncated: boolean;

  constructor(message: string, truncated = false) {
    super(message);
    this.truncated = truncated;
  }
}

export type JsonScalar = string | number | boolean | null;

/** Receives the parts of a document, in order. `depth` is the number of objects and arrays open around the part. */
export interface JsonVisitor {
  beginObject(depth: number): void;
  beginArray(depth: number): void;
  /** End of an object or array; `depth` is the same as at its start. */
  end(depth: number): void;
  key(name: string, depth: number): void;
  scalar(value: JsonScalar, depth: number): void;
}

type Expectation = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing more';

/** Bounds the text of a number. After each write, the tokenizer passes on the digits that it has so far. */
class BoundedTokenizer extends Tokenizer {
  numberTooLong = false;

  protected override parseNumber(text: string): number {
    if (text.length > numberCharactersMax) this.numberTooLong = true;
    return Number(text);
  }
}

/**
 * Parses a JSON document that arrives in pieces, in bounded memory, and passes its parts to a visitor. Checks the
 * grammar to the end. Throws {@link JsonFault}, and the errors of the visitor.
 */
export class BoundedJson {
  readonly #visitor: JsonVisitor;
  readonly #tokenizer = new BoundedTokenizer({ emitPartialTokens: true, stringBufferSize });
  /** Whether each open container is an object. */
  readonly #objects: boolean[] = [];
  #expectation: Expectation = 'value';
  #lastTokenOffset = 0;
  #skippedBytes = 0;

  constructor(visitor: JsonVisitor) {
    this.#visitor = visitor;
    this.#tokenizer.onToken = (parsed) => {
      if (typeof parsed.value === 'string' && parsed.value.length > stringUnitsMax) {
        throw new JsonFault(`string longer than ${stringUnitsMax} characters after byte ${this.byteOffset}`);
      }
      if (parsed.partial === true) return;
      this.#lastTokenOffset = parsed.offset;
      this.#take(parsed.token, parsed.value);
    };
  }

  /** Start of the newest token, in bytes from the start of the document. */
  get byteOffset(): number {
    return this.#lastTokenOffset + this.#skippedBytes;
  }

  /** Whether a value at this depth has just ended, so that a comma or the end of its container comes next. */
  isBehindValueAt(depth: number): boolean {
    return this.#expectation === 'comma or end' && this.#objects.length === depth;
  }

  write(bytes: Uint8Array): void {
    this.#guard(() => this.#tokenizer.write(bytes));
    if (this.#tokenizer.numberTooLong) throw new JsonFault(`number too long after byte ${this.byteOffset}`);
  }

  /** Counts bytes that were read elsewhere, so that reported places stay correct. */
  skip(bytes: number): void {
    this.#skippedBytes += bytes;
  }

  end(): void {
    let brokeOff = false;
    try {
      this.#tokenizer.end();
    } catch (error) {
      if (!(error instanceof TokenizerError)) throw error;
      brokeOff = true;
    }
    if (brokeOff || this.#expectation !== 'nothing more') {
      throw new JsonFault(`the document ends after byte ${this.byteOffset}, before it is complete`, true);
    }
  }

  /** Replaces the tokenizer's errors, which describe internal states, by the place in the document. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      const isBadUtf8 =
        error instanceof TypeError && 'code' in error && error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
      if (!(error instanceof TokenizerError) && !isBadUtf8) throw error;
      throw new JsonFault(`not JSON after byte ${this.byteOffset}`);
    }
  }

  #take(token: TokenType, value: JsonScalar): void {
    switch (token) {
      case TokenType.LEFT_BRACE:
        this.#begin(true);
        return;
      case TokenType.LEFT_BRACKET:
        this.#begin(false);
        return;
      case TokenType.RIGHT_BRACE:
        this.#end(true);
        return;
      case TokenType.RIGHT_BRACKET:
        this.#end(false);
        return;
      case TokenType.COLON:
        if (this.#expectation !== 'colon') this.#refuse();
        this.#expectation = 'value';
        return;
      case TokenType.COMMA:
        if (this.#expectation !== 'comma or end') this.#refuse();
        this.#expectation = this.#objects.at(-1) === true ? 'key' : 'value';
        return;
      default:
        this.#takeScalar(value);
    }
  }

  #takeScalar(value: JsonScalar): void {
    const expectation = this.#expectation;
    if (expectation === 'key' || expectation === 'key or end') {
      if (typeof value !== 'string') this.#refuse();
      this.#visitor.key(String(value), this.#objects.length);
      this.#expectation = 'colon';
      return;
    }
    if (expectation !== 'value' && expectation !== 'value or end') this.#refuse();
    this.#visitor.scalar(value, this.#objects.length);
    this.#afterValue();
  }

  #begin(isObject: boolean): void {
    if (this.#expectation !== 'value' && this.#expectation !== 'value or end') this.#refuse();
    const depth = this.#objects.length;
    if (depth === depthMax) throw new JsonFault(`nested deeper than ${depthMax} levels at byte ${this.byteOffset}`);
    this.#objects.push(isObject);
    this.#expectation = isObject ? 'key or end' : 'value or end';
    if (isObject) this.#visitor.beginObject(depth);
    else this.#visitor.beginArray(depth);
  }

  #end(isObject: boolean): void {
    const mayEnd =
      this.#expectation === 'comma or end' || this.#expectation === (isObject ? 'key or end' : 'value or end');
    if (!mayEnd || this.#objects.at(-1) !== isObject) this.#refuse();
    this.#objects.pop();
    this.#visitor.end(this.#objects.length);
    this.#afterValue();
  }

  #afterValue(): void {
    this.#expectation = this.#objects.length === 0 ? 'nothing more' : 'comma or end';
  }

  #refuse(): never {
    throw new JsonFault(`not JSON at byte ${this.byteOffset}: expected ${this.#expectation}`);
  }
}
