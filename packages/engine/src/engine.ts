import {
  BackupSyncError,
  type CallName,
  type CheckedInput,
  type OperationName,
  type OperationOutput,
  operations,
  parseOrRefuse,
  type StreamName,
} from '@backup-sync/contracts';
import { authorise, type Caller, type EventStream } from './context.ts';
import type { EmbeddedIdentity } from './identity/embedded-identity.ts';
import { streams, verbs } from './operations/verbs.ts';
import type { Services } from './services.ts';

/** On whose behalf a verb is called. */
type CalledBy = { readonly caller: Caller; readonly requestId: string };

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
  async call<Name extends CallName>(name: Name, from: CalledBy, fields: unknown): Promise<OperationOutput<Name>> {
    const input = this.#admit(name, from, fields);
    return await orUnavailable(verbs[name]({ services: this.#services, ...from }, input));
  }

  /**
   * Calls a verb that goes on answering, likewise. What can be refused is refused before the stream begins; it goes on
   * until the signal is aborted or the engine stops, which throws `unavailable`.
   */
  async watch<Name extends StreamName>(
    name: Name,
    from: CalledBy & { readonly signal: AbortSignal },
    fields: unknown,
  ): Promise<EventStream<Name>> {
    const input = this.#admit(name, from, fields);
    const signal = AbortSignal.any([from.signal, this.#services.stopping]);
    const { start, events } = await orUnavailable(streams[name]({ services: this.#services, ...from, signal }, input));
    return { start, events: eachOrUnavailable(events) };
  }

  #admit<Name extends OperationName>(name: Name, from: CalledBy, fields: unknown): CheckedInput<Name> {
    if (this.#stopping !== undefined) throw new BackupSyncError('unavailable', 'the server is stopping');
    // Before the input is looked at: whoever may not call does not make the server work.
    authorise(from.caller, name, projectOf(fields));
    // What a name's schema gives is what its verb takes; TypeScript cannot follow the name through both tables.
    return parseOrRefuse(operations[name].input, fields) as CheckedInput<Name>;
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

async function orUnavailable<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw refusalOf(error);
  }
}

async function* eachOrUnavailable<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event> {
  try {
    yield* events;
  } catch (error) {
    throw refusalOf(error);
  }
}

function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'CatalogueUnavailableError') return error;
  return new BackupSyncError('unavailable', 'the catalogue does not answer', { cause: error });
}

function projectOf(fields: unknown): unknown {
  return typeof fields === 'object' && fields !== null && 'project_id' in fields ? fields.project_id : undefined;
}
