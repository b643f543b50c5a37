import { isIP, isIPv4 } from 'node:net';
import type { StorageEnvironment } from '@backup-sync/engine';
import type { Network } from '@backup-sync/engine/network';
import type { Environment } from './environment.ts';
import { readCertificates } from './read-certificates.ts';
import type { ConnectOptions } from './target.ts';

/**
 * Hosts that are reached without a proxy, whatever NO_PROXY says: the server of a data directory is on loopback, and a
 * machine or container gets its credentials from the other addresses.
 */
const alwaysDirect = [
  ...['localhost', '127.0.0.1', '[::1]', '::1'],
  ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '[fd00:ec2::254]', '[fd00:ec2::23]'],
];

/** Reads proxies and private authorities from the environment. Throws `UsageError` if AWS_CA_BUNDLE cannot be read. */
export function readNetwork(environment: Environment): Network {
  const http = environment.http_proxy ?? environment.HTTP_PROXY;
  const https = environment.https_proxy ?? environment.HTTPS_PROXY;
  const direct = environment.no_proxy ?? environment.NO_PROXY;
  return {
    proxies:
      http === undefined && https === undefined
        ? null
        : {
            ...(http !== undefined && { HTTP_PROXY: http.reveal() }),
            ...(https !== undefined && { HTTPS_PROXY: https.reveal() }),
            NO_PROXY: directHosts(direct ?? '').join(','),
          },
    caCertificates: readCertificates(environment, 'AWS_CA_BUNDLE'),
  };
}

/** How a command or server of this environment reaches an S3 service. */
export function storageEnvironment(options: ConnectOptions, environment: Environment): StorageEnvironment {
  return {
    region: environment.AWS_REGION,
    addressing: options.addressingStyle ?? environment.BACKUP_SYNC_ADDRESSING_STYLE,
    network: readNetwork(environment),
  };
}

/**
 * Translates NO_PROXY to what Node matches. Node takes a domain for one host, while curl and others also match the
 * hosts below it; and Node does not know networks such as 10.0.0.0/8.
 */
function directHosts(text: string): readonly string[] {
  const named = text.split(/[\s,]+/).filter((each) => each !== '');
  if (named.includes('*')) return ['*'];
  return [...named.flatMap(withThoseBelow), ...alwaysDirect];
}

function withThoseBelow(host: string): readonly string[] {
  const [, first = '', bits = ''] = /^(.+)\/(\d{1,2})$/.exec(host) ?? [];
  if (isIPv4(first) && Number(bits) <= 32) return [rangeOf(first, Number(bits))];
  const isDomain = /^[a-z\d_-]+(\.[a-z\d_-]+)*$/i.test(host) && isIP(host) === 0;
  return isDomain ? [host, `.${host}`] : [host];
}

function rangeOf(address: string, bits: number): string {
  const size = 2 ** (32 - bits);
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = number - (number % size);
  const textOf = (each: number) => [24, 16, 8, 0].map((shift) => Math.floor(each / 2 ** shift) % 256).join('.');
  return `${textOf(first)}-${textOf(first + size - 1)}`;
}
