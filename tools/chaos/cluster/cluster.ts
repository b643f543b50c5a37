import { randomBytes } from 'node:crypto';
import { parseDatabaseAddress } from '../../../packages/engine/src/catalogue/postgres/database-address.ts';
import { migrateDatabase } from '../../../packages/engine/src/migrate-database.ts';
import { administrator } from '../checked-calls.ts';
import { ServerProcess } from '../server-process.ts';
import type { Door, Service } from '../service.ts';
import { ClusterNode } from './cluster-node.ts';
import { DatabaseGate } from './database-gate.ts';
import { DatabaseProcess } from './database-process.ts';

/** Nodes of each kind. */
const nodesOfKind = 2;
const logLinesOfNode = 12;

/** Nodes that answer calls, nodes that work, and their database. */
export class Cluster implements Service, AsyncDisposable {
  readonly database: DatabaseProcess;
  readonly servers: readonly ClusterNode[];
  readonly workers: readonly ClusterNode[];
  readonly #owned: AsyncDisposableStack;
  #calls = 0;

  static async open(storage: string): Promise<Cluster> {
    await using opening = new AsyncDisposableStack();
    const database = opening.use(await DatabaseProcess.open());
    await migrateDatabase(parseDatabaseAddress(database.url(), 'the chaos run'));
    const secretKey = randomBytes(32).toString('base64');
    const addNode = async (name: string, serves: boolean) => {
      const gate = opening.use(await DatabaseGate.open(database.port));
      const process = opening.use(
        new ServerProcess({
          databaseUrl: database.url(gate.port),
          secretKey,
          serves,
          works: !serves,
          storage,
          port: 0,
          administratorPassword: administrator.password,
        }),
      );
      return new ClusterNode(name, process, gate, database);
    };
    const servers: ClusterNode[] = [];
    const workers: ClusterNode[] = [];
    for (let each = 1; each <= nodesOfKind; each += 1) {
      servers.push(await addNode(`API node ${each}`, true));
      workers.push(await addNode(`worker ${each}`, false));
    }
    await Promise.all([...servers, ...workers].map(({ process }) => process.start()));
    return new Cluster(database, servers, workers, opening.move());
  }

  private constructor(
    database: DatabaseProcess,
    servers: readonly ClusterNode[],
    workers: readonly ClusterNode[],
    owned: AsyncDisposableStack,
  ) {
    this.database = database;
    this.servers = servers;
    this.workers = workers;
    this.#owned = owned;
  }

  get nodes(): readonly ClusterNode[] {
    return [...this.servers, ...this.workers];
  }

  get doors(): readonly Door[] {
    return this.servers;
  }

  get projectId(): string {
    return this.servers[0]?.process.projectId ?? '';
  }

  nextDoor(): Door {
    this.#calls += 1;
    const open = this.servers.filter(({ isAway }) => !isAway);
    const doors = open.length > 0 ? open : this.servers;
    const door = doors[this.#calls % doors.length];
    if (door === undefined) throw new Error('a cluster has nodes that serve');
    return door;
  }

  logTail(): readonly string[] {
    return this.nodes.flatMap(({ name, process }) =>
      process
        .logTail()
        .slice(-logLinesOfNode)
        .map((line) => `${name}: ${line}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}
