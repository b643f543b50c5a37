/** The catalogue is closed, or its database does not answer. Everything that was answered before is on disk. */
export class CatalogueUnavailableError extends Error {
  override readonly name = 'CatalogueUnavailableError';
}

/**
 * The disk of the catalogue is full. Nothing of the transaction was written; reads still work. The message is for the
 * operator.
 */
export class CatalogueFullError extends Error {
  override readonly name = 'CatalogueFullError';
}
