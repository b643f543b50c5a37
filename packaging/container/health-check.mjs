// Exits 0 if the server in this container is alive, else 1.
import { request as requestPlain } from 'node:http';
import { request as requestWithTls } from 'node:https';

const { BACKUP_SYNC_LISTEN: listen = '127.0.0.1:8787', BACKUP_SYNC_TLS_CERTIFICATE: certificate } = process.env;
const request = certificate ? requestWithTls : requestPlain;
const { hostname, port } = new URL(`http://${listen}`);
// An address that stands for all addresses is not one to connect to.
const host = ['0.0.0.0', '[::]'].includes(hostname) ? 'localhost' : hostname.replace(/^\[|\]$/g, '');
// The certificate is for the name that clients use.
request({ host, port, path: '/healthz', rejectUnauthorized: false, timeout: 5_000 })
  .on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1))
  .end();
