import {
  BackupSyncError,
  type CheckedInput,
  type OperationName,
  type OperationOutput,
  operations,
  parseOrRefuse,
} from '@backup-sync/contracts';
import { authorise, type Caller } from './context.ts';
import type { EmbeddedIdentity } from './identity/embedded-identity.ts';
import { verbs } from './operations/verbs.ts';
import type { Services } from './services.ts';

/** The engine as doors see it: the table of operations, called by name. */
export class Engine implements AsyncDisposable {
  readonly identity: EmbeddedIdentity;
  readonly #services: Services;
  readonly #release: () => Promise<void>;
  #stopping: Promise<void> | undefined;

  constructor(options: {
    readonly services: Services;
    readonly identity: EmbeddedIdentity;
    readonly release: () => Promise<void>;
  }) {
    this.identity = options.identity;
    this.#services = options.services;
    this.#release = options.release;
  }

  /** Calls a verb with input as it came: authorised and checked here, for every door. Throws {@link BackupSyncError} when refused. */
  async call<Name extends OperationName>(
    name: Name,
    from: { readonly caller: Caller; readonly requestId: string },
    fields: unknown,
  ): Promise<OperationOutput<Name>> {
    if (this.#stopping !== undefined) throw new BackupSyncError('unavailable', 'the server is stopping');
    // Before the input is looked at: whoever may not call does not make the server work.
    authorise(from.caller, name, projectOf(fields));
    // What a name's schema gives is what its verb takes; TypeScript cannot follow the name through both tables.
    const input = parseOrRefuse(operations[name].input, fields) as CheckedInput<Name>;
    try {
      return await verbs[name]({ services: this.#services, ...from }, input);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'CatalogueUnavailableError') throw error;
      throw new BackupSyncError('unavailable', 'the catalogue does not answer', { cause: error });
    }
  }

  /** A fresh id, for requests that bring none. */
  newId(): string {
    return this.#services.newId();
  }

  /** Throws when calls could not be served now. */
  async checkReady(): Promise<void> {
    if (this.#stopping !== undefined) throw new BackupSyncError('unavailable', 'the server is stopping');
    await this.#services.catalogue.ping();
  }

  /** Stops working; what has not ended goes on at the next start. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#release();
    return this.#stopping;
  }
}

function projectOf(fields: unknown): unknown {
  return typeof fields === 'object' && fields !== null && 'project_id' in fields ? fields.project_id : undefined;
}
