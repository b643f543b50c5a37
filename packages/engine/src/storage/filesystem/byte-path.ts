/**
 * A path or name with one character per byte (Latin-1). File names are bytes: in this form, names that are not valid
 * UTF-8 can still be opened, and `<` compares in the order of listings.
 */
export type BytePath = string;

export function toBytePath(text: string): BytePath {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text of the path. Bytes that are not valid UTF-8 become U+FFFD. */
export function toText(path: BytePath): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

/** The form that node:fs takes. */
export function toBytes(path: BytePath): Buffer {
  return Buffer.from(path, 'latin1');
}
