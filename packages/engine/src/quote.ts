const lengthMax = 200;

/** Text from a bucket for a message: in quotes, with control characters escaped, cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text);
}

/** Text with control and formatting characters escaped: a key from a bucket must not steer whoever shows it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
