import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Storage that takes connections and never answers. */
export async function openSilentStorage(): Promise<{ readonly specification: string } & AsyncDisposable> {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    specification: `s3:http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
