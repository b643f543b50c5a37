import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';

export function newServerPassword(): string {
  return randomBytes(16).toString('hex');
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port was found');
  return address.port;
}
