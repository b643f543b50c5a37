import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '@backup-sync/engine';
import type { EdgeLimits } from './edge-limits.ts';

/**
 * Limits the open connections of a server, in total and per network. A connection beyond a limit is closed without an
 * answer. Trusted proxies have no limit per network, since they carry the connections of many callers.
 */
export function boundConnections(
  server: Server,
  limits: Pick<EdgeLimits, 'connections' | 'connectionsOfNetwork'>,
  isTrustedProxy: (address: string | undefined) => boolean,
): void {
  server.maxConnections = limits.connections;
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    // Reading the address now makes the socket remember it even after the other end is gone.
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    if (isTrustedProxy(remoteAddress)) return;
    const network = networkOf(remoteAddress);
    const others = open.get(network) ?? 0;
    if (others >= limits.connectionsOfNetwork) {
      socket.destroy();
      return;
    }
    open.set(network, others + 1);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
  });
  // The socket under a TLS connection is a different one.
  server.on('secureConnection', (socket: Socket) => {
    if (socket.remoteAddress === undefined) socket.destroy();
  });
}
