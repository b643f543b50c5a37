const lengthMax = 200;

/** Text from a bucket for a message: in quotes, printable, and cut after 200 characters. */
export function quote(text: string): string {
  return printable(JSON.stringify(text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text));
}

/** Text with control and formatting characters escaped, so that a key from a bucket cannot control a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
