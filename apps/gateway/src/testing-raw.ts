import { once } from 'node:events';
import { connect } from 'node:net';
import { errorBody } from '@backup-sync/contracts';

export type RawAnswer = { readonly status: number; readonly headers: Headers; readonly body: string };

/**
 * Sends raw bytes that no HTTP client would send, and reads until the server closes the connection. Null if there was
 * no answer.
 */
export async function exchangeRaw(endpoint: string, bytes: string | Uint8Array): Promise<RawAnswer | null> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect({ host: hostname, port: Number(port) });
  const pieces: Buffer[] = [];
  socket.on('data', (piece) => pieces.push(piece));
  // If the server closes with unread bytes, that shows as a reset. The answer before it still counts.
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  await once(socket, 'close');
  return parse(Buffer.concat(pieces).toString('utf8'));
}

function parse(text: string): RawAnswer | null {
  const match = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(text);
  if (match === null) return null;
  const lines = (match[2] ?? '').split('\r\n').map((line) => line.split(/:\s*(.*)/s, 2));
  const headers = new Headers(lines.map(([name = '', value = '']): [string, string] => [name, value]));
  return { status: Number(match[1]), headers, body: match[3] ?? '' };
}

/** Throws unless an answer is a refusal in the form of all refusals. */
export function expectRefusal({ headers, body }: RawAnswer): {
  readonly error_code: string;
  readonly error_msg: string;
} {
  const refusal = errorBody.parse(JSON.parse(body));
  if (refusal.request_id !== headers.get('X-Request-Id')) throw new Error('X-Request-Id and the body do not agree');
  return refusal;
}
