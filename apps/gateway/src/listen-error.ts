/** The server cannot listen where it should. The message is for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}
