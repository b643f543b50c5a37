import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { BackupSyncError, errors } from '@backup-sync/contracts';
import helmet from 'helmet';
import { errorBodyOf, refusalHeaders } from '../refusal.ts';

const securityHeaders = helmet();

/**
 * Answers input that never reaches the application as a request, in the same form as every other refusal: input that
 * Node's parser refuses, headers or bodies that arrive too slowly, and methods and expectations that Node handles
 * separately.
 */
export function refuseUnparsed(server: Server, newId: () => string): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answering.set(request.socket, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const response = answering.get(socket);
    // In the middle of an answer, the client would read a second one as part of it.
    const isAnswering = response?.headersSent === true && !response.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) socket.destroy();
    else answerRaw(socket, unparsed(error), newId());
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    answerRaw(socket, new BackupSyncError('method_not_allowed', 'this server does not accept CONNECT'), newId());
  });
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const refusal = new BackupSyncError('invalid_request', 'the header Expect must be 100-continue');
    const { body, headers, status } = written(refusal, newId());
    securityHeaders(request, response, () => {
      response.writeHead(status, { ...headers, Connection: 'close' }).end(body);
    });
  });
}

function unparsed({ code }: NodeJS.ErrnoException): BackupSyncError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new BackupSyncError('headers_too_large', 'the address and headers together exceed 32 KiB');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new BackupSyncError('request_timeout', 'the request did not arrive completely in time');
  }
  return new BackupSyncError('invalid_request', 'the request is not HTTP/1.1');
}

function written(refusal: BackupSyncError, requestId: string) {
  const body = JSON.stringify(errorBodyOf(refusal, requestId));
  const headers = {
    ...refusalHeaders(refusal),
    'X-Request-Id': requestId,
    'X-OpenStack-Request-Id': requestId,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
  };
  return { body, headers, status: errors[refusal.code].httpStatus };
}

function answerRaw(socket: Duplex, refusal: BackupSyncError, requestId: string): void {
  const { body, headers, status } = written(refusal, requestId);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  // The client may be gone in the meantime.
  socket.on('error', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
