/** The server cannot listen as configured. The message is for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}
