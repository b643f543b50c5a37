import fc from 'fast-check';
import type { Known } from './call-arbitrary.ts';

/** Bytes for a socket: requests that no HTTP client would send, malformed requests, and noise. */
export function rawRequests(known: Known): fc.Arbitrary<Uint8Array> {
  const paths = fc.constantFrom(
    '/v3',
    `/v3/${known.projectId}/backups`,
    '/v3/auth/tokens',
    '/trpc/listBackups',
    '*',
    '//',
    '/../../etc/passwd',
    'http://evil.example/v3',
    '/%',
    '/\u00ff\u00fe',
    '/a b',
    `/${'a'.repeat(20_000)}`,
    `/${'a'.repeat(40_000)}`,
  );
  const lines = fc.constantFrom(
    'Host: a',
    'Host:',
    'Host: a\r\nHost: b',
    'Content-Length: 5',
    'Content-Length: -1',
    'Content-Length: 99999999999999999999',
    'Content-Length: 1, 2',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: identity',
    'Transfer-Encoding : chunked',
    'Expect: 100-continue',
    'Expect: tea',
    'Upgrade: websocket\r\nConnection: Upgrade',
    'Connection: close',
    'Connection: keep-alive, X-Auth-Token',
    `X-Auth-Token: ${known.token}`,
    'X-Auth-Token: a\u00ff\u00fe',
    'X-Long: '.padEnd(10_000, 'a'),
    'X-Long: '.padEnd(40_000, 'a'),
    'No colon',
    ': no name',
    ' folded: line',
    'X-Nul: a\0b',
    'Content-Type: application/json',
  );
  const method = fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE', 'CONNECT', 'PRI', 'get', 'BREW', '', 'GET\0');
  const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.1 x', '');
  const bodies = fc.constantFrom(
    '',
    '{}',
    '5\r\n{"a"}\r\n0\r\n\r\n',
    'ffffffffffffffff\r\nx',
    '-1\r\n',
    '0;a=b\r\n\r\n',
    '{"auth":',
  );
  const bent = fc
    .tuple(method, paths, version, fc.array(lines, { maxLength: 6 }), bodies)
    .map(([verb, path, protocol, headers, body]) =>
      Buffer.from(
        `${verb} ${path} ${protocol}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`,
        'latin1',
      ),
    );
  const flipped = fc.tuple(bent, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
    const copy = Buffer.from(bytes);
    copy[at % copy.length] = byte;
    return copy;
  });
  const noise = fc.uint8Array({ minLength: 1, maxLength: 400 });
  return fc.oneof({ weight: 5, arbitrary: bent }, { weight: 3, arbitrary: flipped }, { weight: 1, arbitrary: noise });
}
