// Exits 0 if the server in this container is alive, else 1.
import { execFileSync } from 'node:child_process';
import { request as requestPlain } from 'node:http';
import { request as requestWithTls } from 'node:https';

// The address and the certificate can be set by variables or by the configuration file.
const { settings } = JSON.parse(execFileSync('backup-sync', ['config', 'show', '--json'], { encoding: 'utf8' }));
const settingOf = (key) => settings.find((each) => each.key === key).value;
const request = settingOf('server.tls.certificate_file') === null ? requestPlain : requestWithTls;
const { hostname, port } = new URL(`http://${settingOf('server.listen')}`);
// An address that stands for all addresses is not one to connect to.
const host = ['0.0.0.0', '[::]'].includes(hostname) ? 'localhost' : hostname.replace(/^\[|\]$/g, '');
// The certificate is for the name that clients use.
request({ host, port, path: '/healthz', rejectUnauthorized: false, timeout: 5_000 })
  .on('response', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1))
  .end();
