/** Returns the command that writes the volume of a backup to a file, for a shell. */
export function extractCommand(backupId: string): string {
  const id = quoted(backupId);
  // What begins with a hyphen would be an option.
  return backupId.startsWith('-')
    ? `backup-sync extract --output image.raw -- ${id}`
    : `backup-sync extract ${id} --output image.raw`;
}

/** Quotes any text as one word of a shell. What a terminal would act on, or not show, is escaped byte by byte. */
function quoted(text: string): string {
  if (/^[\w.:@%+,/-]+$/.test(text)) return text;
  if (!/[\p{C}\u2028\u2029]/u.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = Array.from(text, (character) => {
    if (/[\p{C}\u2028\u2029]/u.test(character)) return octal(character);
    return character === "'" || character === '\\' ? `\\${character}` : character;
  });
  return `$'${escaped.join('')}'`;
}

function octal(character: string): string {
  const bytes = Array.from(new TextEncoder().encode(character));
  return bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
