const digits = '0123456789abcdef';

/**
 * What a byte is changed to, one at a time, and never to itself: a neighbour by the lowest bit, by the one that tells
 * upper from lower case, and by the one that is in no ASCII; the next digit; and what gives JSON its structure.
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
 * The field that each byte of a JSON document belongs to, its key or its value, as a path: `objects[].md5`, with `*` for
 * a key that is a name and has a slash; else `structure`, or `blank`.
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

/** Whether two documents say the same to any reader: blanks between the parts, and the case of hex digits, do not. */
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
