/**
 * Returns the decoder for the names in an answer. The SDK leaves names as they were sent, and a service that does not
 * know the encoding sends them plain.
 */
export function decoderOf({ EncodingType }: { readonly EncodingType?: string | undefined }): (name: string) => string {
  return EncodingType === 'url' ? decodeKey : (name) => name;
}

/** Decodes the form encoding of listings, in which "+" is a space. Bytes that are not UTF-8 become U+FFFD. */
export function decodeKey(encoded: string): string {
  if (!/[%+]/.test(encoded)) return encoded;
  const plain = encoded.replaceAll('+', ' ');
  try {
    return decodeURIComponent(plain);
  } catch {
    return Buffer.from(
      Buffer.from(plain, 'utf8')
        .toString('latin1')
        .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString('utf8');
  }
}
