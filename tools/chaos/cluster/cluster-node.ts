import type { ServerProcess } from '../server-process.ts';
import type { Door } from '../service.ts';
import type { DatabaseGate } from './database-gate.ts';
import type { DatabaseProcess } from './database-process.ts';

/** A node with its own way to the database. Callers use those that serve. */
export class ClusterNode implements Door {
  /** For people, such as `API node 1`. */
  readonly name: string;
  readonly process: ServerProcess;
  readonly gate: DatabaseGate;
  readonly #database: DatabaseProcess;

  constructor(name: string, process: ServerProcess, gate: DatabaseGate, database: DatabaseProcess) {
    this.name = name;
    this.process = process;
    this.gate = gate;
    this.#database = database;
  }

  get endpoint(): string {
    return this.process.endpoint;
  }

  get isAway(): boolean {
    return this.process.isAway || this.gate.isCut || this.#database.isAway;
  }

  get outages(): number {
    return this.process.outages + this.gate.cuts + this.#database.outages;
  }
}
