import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { BackupSyncError } from '@backup-sync/contracts';
import { isLoopback } from '../edges/caller-address.ts';
import type { MetricsFormat } from './write-families.ts';

const path = '/metrics';
/** Seconds after which a scraper may ask again that came while the server starts or stops. */
const retryAfterS = 5;

export type MetricsAnswers = {
  /** Returns the metrics. Throws `unavailable` while the server starts or stops. */
  readonly write: (format: MetricsFormat) => Promise<{ readonly text: string; readonly contentType: string }>;
  /** Token that a request must have; null for none. */
  readonly token: string | null;
  readonly onFault: (error: unknown) => void;
};

/** Answers requests for the metrics, and refuses all others. */
export function answerMetrics({ write, token, onFault }: MetricsAnswers): RequestListener {
  const isAdmitted = token === null ? isOfThisMachine : (request: IncomingMessage) => hasToken(request, token);
  return (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (!isAdmitted(request)) {
      if (token === null) return refuse(response, 403, 'the header Host must name this machine, such as 127.0.0.1');
      response.setHeader('WWW-Authenticate', 'Bearer');
      return refuse(response, 401, 'send the token of the metrics in the header Authorization: Bearer <token>');
    }
    if (request.url?.split('?')[0] !== path) return refuse(response, 404, `this address has only ${path}`);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return refuse(response, 405, 'use GET');
    }
    write(formatOf(request)).then(
      ({ text, contentType }) => response.setHeader('Content-Type', contentType).end(text),
      (error: unknown) => {
        if (error instanceof BackupSyncError && error.code === 'unavailable') {
          response.setHeader('Retry-After', retryAfterS);
          return refuse(response, 503, error.message);
        }
        onFault(error);
        refuse(response, 500, 'the metrics could not be collected; see the log of the server');
      },
    );
  };
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${reason}\n`);
}

/** Prometheus names OpenMetrics only if it can read it. */
function formatOf({ headers }: IncomingMessage): MetricsFormat {
  return headers.accept?.includes('application/openmetrics-text') === true ? 'openmetrics' : 'text';
}

/**
 * Whether the request names a loopback address as its host. A page in a browser of this machine can ask for a name of
 * its own that leads to 127.0.0.1, and would otherwise read the answer.
 */
function isOfThisMachine({ headers }: IncomingMessage): boolean {
  const url = URL.parse(`http://${headers.host ?? ''}`);
  return url !== null && isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'));
}

function hasToken({ headers }: IncomingMessage, token: string): boolean {
  const [, given = ''] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  // Digests have one length, so that the comparison tells nothing about the token.
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
