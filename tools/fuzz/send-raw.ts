import { once } from 'node:events';
import { connect } from 'node:net';
import type { SeenAnswer } from './check-answer.ts';

/**
 * Sends bytes unchanged, and reads the first answer. Null if the server closes without one, as it does if nothing that
 * it received can be answered.
 */
export async function sendRaw(endpoint: URL, bytes: Uint8Array): Promise<SeenAnswer | null> {
  const socket = connect({ host: endpoint.hostname, port: Number(endpoint.port) });
  const pieces: Buffer[] = [];
  const isHead = /^HEAD /.test(Buffer.from(bytes).toString('latin1'));
  socket.on('data', (piece) => {
    pieces.push(piece);
    if (isWhole(Buffer.concat(pieces).toString('latin1'), isHead)) socket.destroy();
  });
  // If the server closes with unread bytes, that is a reset. Its answer before counts.
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  await once(socket, 'close');
  return parse(Buffer.concat(pieces).toString('utf8'), isHead);
}

function isWhole(text: string, isHead: boolean): boolean {
  const { head, rest } = split(text);
  if (head === null || /^HTTP\/1\.1 100/.test(head)) return false;
  if (isHead) return true;
  if (isChunked(head)) return rest.endsWith('0\r\n\r\n');
  const length = /\r\nContent-Length: (\d+)/i.exec(head)?.[1];
  return length === undefined ? !/\r\nConnection: close/i.test(head) : rest.length >= Number(length);
}

function split(text: string): { readonly head: string | null; readonly rest: string } {
  const begun = text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
  const end = begun.indexOf('\r\n\r\n');
  return end === -1 ? { head: null, rest: '' } : { head: begun.slice(0, end), rest: begun.slice(end + 4) };
}

function parse(text: string, isHead: boolean): SeenAnswer | null {
  const { head, rest } = split(text);
  if (head === null) return null;
  const headerOf = (name: string) => new RegExp(`\\r\\n${name}: ([^\\r]*)`, 'i').exec(head)?.[1] ?? null;
  const body = isChunked(head) ? withoutChunks(rest) : rest;
  const length = Number(headerOf('Content-Length') ?? Buffer.byteLength(body));
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]),
    contentType: headerOf('Content-Type') ?? '',
    requestId: headerOf('X-Request-Id'),
    body: Buffer.from(body).subarray(0, length).toString(),
    isHead,
  };
}

function isChunked(head: string): boolean {
  return /\r\nTransfer-Encoding: chunked/i.test(head);
}

/** Error answers are ASCII or short, so a chunk has only whole characters. */
function withoutChunks(text: string): string {
  return text.replaceAll(/(?:^|\r\n)[0-9a-f]+\r\n/g, '').replace(/\r\n$/, '');
}
