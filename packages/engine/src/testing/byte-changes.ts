const digits = '0123456789abcdef';

/**
 * Values to change a byte to, one at a time, never the byte itself. They differ in the lowest bit, the bit for upper
 * and lower case, or the bit that ASCII never sets; others are the next digit and characters of JSON's structure.
 */
export function changesOf(byte: number): readonly number[] {
  const digit = digits.indexOf(String.fromCharCode(byte));
  // A decimal digit stays one; any other byte becomes one.
  const next = digit < 0 ? '0' : digit < 10 ? `${(digit + 1) % 10}` : (digits[10 + ((digit + 1) % 6)] ?? 'a');
  const others = [byte ^ 0x01, byte ^ 0x20, byte ^ 0x80, ...Buffer.from(`${next}",`)];
  return [...new Set(others)].filter((other) => other !== byte);
}

/** A copy with one byte changed. */
export function withByte(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[at] = byte;
  return changed;
}

/**
 * The field of a JSON document that each byte belongs to, as part of its key or value: a path such as `objects[].md5`,
 * with `*` for a key that contains a slash. Other bytes are `structure` or `blank`.
 */
export function fieldsInJson(bytes: Uint8Array): readonly string[] {
  const fields: string[] = [];
  const open: { readonly isArray: boolean; key: string; isKeyNext: boolean }[] = [];
  const path = () =>
    open.map(({ isArray, key }, depth) => (isArray ? '[]' : `${depth === 0 ? '' : '.'}${key}`)).join('');
  for (const [token] of Buffer.from(bytes)
    .toString()
    .matchAll(/"(?:[^"\\]|\\.)*"|[\w.+-]+|\s+|./gs)) {
    const inside = open.at(-1);
    let field = 'structure';
    if (/^\s/.test(token)) field = 'blank';
    else if (token === '{' || token === '[') open.push({ isArray: token === '[', key: '', isKeyNext: token === '{' });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && inside !== undefined) inside.isKeyNext = !inside.isArray;
    else if (token === ':' && inside !== undefined) inside.isKeyNext = false;
    else if (inside?.isKeyNext === true) {
      inside.key = token.includes('/') ? '*' : token.slice(1, -1);
      field = path();
    } else field = path();
    for (let at = 0; at < Buffer.byteLength(token); at += 1) fields.push(field);
  }
  return fields;
}

/** Whether two JSON documents mean the same, ignoring whitespace between the parts and the case of hex digits. */
export function saysTheSame(one: Uint8Array, other: Uint8Array): boolean {
  const meaning = meaningOf(one);
  return meaning !== null && meaning === meaningOf(other);
}

function meaningOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const lowered = (_: string, value: unknown) =>
      typeof value === 'string' && /^[0-9a-f]{32,64}$/i.test(value) ? value.toLowerCase() : value;
    return JSON.stringify(JSON.parse(text, lowered));
  } catch {
    return null;
  }
}
