import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '@backup-sync/engine';
import type { EdgeLimits } from './edge-limits.ts';

/**
 * Bounds the connections of a server, in all and from one network; one more is closed unanswered. All that comes through a
 * trusted proxy comes from its network, so that has no bound of its own.
 */
export function boundConnections(
  server: Server,
  limits: Pick<EdgeLimits, 'connections' | 'connectionsOfNetwork'>,
  isTrustedProxy: (address: string | undefined) => boolean,
): void {
  server.maxConnections = limits.connections;
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    // Asked once, a socket knows it still when its other end is gone.
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
  // What TLS is spoken over is another socket.
  server.on('secureConnection', (socket: Socket) => {
    if (socket.remoteAddress === undefined) socket.destroy();
  });
}
