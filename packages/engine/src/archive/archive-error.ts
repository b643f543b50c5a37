/** An archive cannot be read or written, or contains something that the catalogue cannot store. The message is for the operator. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';

  constructor(path: string, what: string, options?: ErrorOptions) {
    super(`The archive ${path} cannot be used: ${what}.`, options);
  }
}
