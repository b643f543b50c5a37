import {
  BackupSyncError,
  type CallName,
  type CallOutput,
  type CheckedInput,
  calls,
  parseOrRefuse,
  type StreamName,
  type UnaryCallName,
} from '@backup-sync/contracts';
import { CallAudit } from './audit/call-audit.ts';
import { type Origin, ownProcess } from './audit/origin.ts';
import { RefusalLimit } from './audit/refusal-limit.ts';
import type { Caller } from './caller.ts';
import {
  authorise,
  type CallHandlers,
  type EventStream,
  type MutationContext,
  type StreamHandlers,
} from './calls/call-context.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import { catalogueRefusal } from './catalogue-refusal.ts';
import { lookIntoToken } from './identity/look-into-token.ts';
import type { Identity, IssuedToken, OperatorIdentity } from './identity/port.ts';
import type { World } from './services.ts';

/** Milliseconds for which it is known whether the catalogue can be written. */
const touchAgainAfterMs = 1_000;

/** Who calls, and whence: its own process where nothing is said. */
export type CallFrom = { readonly caller: Caller; readonly requestId: string; readonly origin?: Origin };

type Call = Omit<MutationContext, 'services'>;

/** What the engine itself needs, whatever its handlers have beside it. */
export type EngineServices = { readonly catalogue: Catalogue; readonly world: World };

type EngineOptions<Names extends UnaryCallName> = {
  readonly services: EngineServices;
  readonly answer: <Name extends Names>(name: Name, call: Call, input: CheckedInput<Name>) => Promise<CallOutput<Name>>;
  readonly streams: StreamHandlers;
  readonly identity: Identity & OperatorIdentity;
  readonly release: () => Promise<void>;
};

/** The engine as doors see it: the table of calls, called by name. */
export class Engine<Names extends UnaryCallName = UnaryCallName> implements AsyncDisposable {
  readonly identity: Identity & OperatorIdentity;
  readonly #services: EngineServices;
  readonly #answer: EngineOptions<Names>['answer'];
  readonly #streams: StreamHandlers;
  readonly #release: () => Promise<void>;
  readonly #refusals: RefusalLimit;
  #stopping: Promise<void> | undefined;
  /** The newest try to write. */
  #touch: { readonly atMs: number; readonly touched: Promise<void> } | null = null;

  private constructor(options: EngineOptions<Names>) {
    this.identity = options.identity;
    this.#services = options.services;
    this.#answer = options.answer;
    this.#streams = options.streams;
    this.#release = options.release;
    this.#refusals = new RefusalLimit(options.services.world.clock);
  }

  /** An engine whose handlers have these services. It answers the calls that it has handlers for. */
  static over<Names extends UnaryCallName, Available extends EngineServices>({
    services,
    handlers,
    ...options
  }: Pick<EngineOptions<Names>, 'streams' | 'identity' | 'release'> & {
    readonly services: Available;
    readonly handlers: CallHandlers<Names, Available>;
  }): Engine<Names> {
    return new Engine<Names>({
      ...options,
      services,
      answer: (name, call, input) => handlers[name]({ services, ...call }, input),
    });
  }

  /**
   * Answers a call with input as it came: authorised, checked and audited here, for every door. Throws
   * {@link BackupSyncError} when refused.
   */
  call<Name extends Names>(name: Name, from: CallFrom, fields: unknown): Promise<CallOutput<Name>> {
    return this.#audited(name, from, fields, (call, input) => this.#answer(name, call, input));
  }

  /**
   * Follows a call that goes on answering, likewise. What can be refused is refused before the stream begins; it goes on
   * until the signal is aborted or the engine stops, which throws `unavailable`.
   */
  async watch<Name extends StreamName>(
    name: Name,
    from: CallFrom & { readonly signal: AbortSignal },
    fields: unknown,
  ): Promise<EventStream<Name>> {
    const signal = AbortSignal.any([from.signal, this.#services.world.stopping]);
    const { start, pages } = await this.#audited(name, from, fields, (call, input) =>
      this.#streams[name]({ services: this.#services, ...call, signal }, input),
    );
    return { start, pages: eachOrUnavailable(pages) };
  }

  /** See {@link lookIntoToken}. */
  lookIntoToken(
    operation: 'inspectToken' | 'revokeToken',
    { caller, requestId, origin = ownProcess }: CallFrom,
    token: string,
  ): Promise<IssuedToken> {
    return lookIntoToken(
      { ...this.#services, identity: this.identity, refusals: this.#refusals },
      operation,
      caller,
      { origin, requestId },
      token,
    );
  }

  async #audited<Name extends CallName, Answer>(
    name: Name,
    { caller, requestId, origin = ownProcess }: CallFrom,
    fields: unknown,
    run: (call: Call, input: CheckedInput<Name>) => Promise<Answer>,
  ): Promise<Answer> {
    if (this.#stopping !== undefined) throw new BackupSyncError('unavailable', 'the server is stopping');
    const audit = new CallAudit(
      { ...this.#services, refusals: this.#refusals },
      { name, caller, requestId, origin, fields },
    );
    try {
      // Before the input is looked at: whoever may not call does not make the server work.
      authorise(caller, name, projectOf(fields));
      // What a name's schema gives is what its handler takes; TypeScript cannot follow the name through both tables.
      const input = parseOrRefuse(calls[name].input, fields) as CheckedInput<Name>;
      audit.begin(input);
      const answer = await run({ caller, requestId, change: audit.change }, input);
      audit.checkRecorded();
      return answer;
    } catch (thrown) {
      const error = catalogueRefusal(thrown);
      try {
        await audit.refuse(error);
      } catch (unwritten) {
        throw catalogueRefusal(unwritten);
      }
      throw error;
    }
  }

  /** A fresh id, for requests that bring none. */
  newId(): string {
    return this.#services.world.newId();
  }

  /**
   * Throws `BackupSyncError` if calls could not be served now: `catalogue_full` if the catalogue can be read and not
   * written. That takes a write, so it is found out once a second at most, however often it is asked for.
   */
  async checkReady(): Promise<void> {
    if (this.#stopping !== undefined) throw new BackupSyncError('unavailable', 'the server is stopping');
    const {
      catalogue,
      world: { clock },
    } = this.#services;
    try {
      await catalogue.upkeep.ping();
      const nowMs = clock.monotonicMs();
      if (this.#touch === null || nowMs - this.#touch.atMs >= touchAgainAfterMs) {
        this.#touch = { atMs: nowMs, touched: catalogue.upkeep.touch() };
      }
      await this.#touch.touched;
    } catch (error) {
      throw catalogueRefusal(error);
    }
  }

  /** Stops working; what has not ended goes on at the next start. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#release();
    return this.#stopping;
  }
}

async function* eachOrUnavailable<Page>(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  try {
    yield* pages;
  } catch (error) {
    throw catalogueRefusal(error);
  }
}

function projectOf(fields: unknown): unknown {
  return typeof fields === 'object' && fields !== null && 'project_id' in fields ? fields.project_id : undefined;
}
