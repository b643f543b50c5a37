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
import { beginCall } from './audit/log-call.ts';
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
import type { MeasureLimits, Measures } from './catalogue/measure-records.ts';
import { catalogueRefusal } from './catalogue-refusal.ts';
import { lookIntoToken } from './identity/look-into-token.ts';
import type { Identity, IssuedToken, OperatorIdentity, SessionIdentity } from './identity/port.ts';
import type { World } from './services.ts';
import type { TrustedRoots } from './trusted-roots.ts';

/** Milliseconds for which the result of a test write to the catalogue is reused. */
const touchAgainAfterMs = 1_000;

/** The caller of a call, the request id, and the origin (default: this process). */
export type CallFrom = { readonly caller: Caller; readonly requestId: string; readonly origin?: Origin };

type Call = Omit<MutationContext, 'services'>;

/** The catalogue as it was at a time, in milliseconds since 1970. */
export type Measured = Measures & { readonly nowMs: number };

/** The services that the engine itself needs. Its handlers may have more. */
export type EngineServices = { readonly catalogue: Catalogue; readonly world: World };

/** Options that can change while an engine runs. */
type ChangeableOptions = {
  /** The certificates that may vouch for who signed a package (default: none). */
  readonly trustedRoots?: TrustedRoots | undefined;
};

type EngineOptions<Names extends UnaryCallName> = {
  readonly services: EngineServices;
  readonly answer: <Name extends Names>(name: Name, call: Call, input: CheckedInput<Name>) => Promise<CallOutput<Name>>;
  readonly streams: StreamHandlers;
  readonly identity: Identity & OperatorIdentity & SessionIdentity;
  readonly release: () => Promise<void>;
  /** Absent if the engine has no options that can change. */
  readonly reconfigure?: (changed: ChangeableOptions) => void;
};

/** Answers calls by name. All interfaces use it. */
export class Engine<Names extends UnaryCallName = UnaryCallName> implements AsyncDisposable {
  readonly identity: Identity & OperatorIdentity & SessionIdentity;
  readonly #services: EngineServices;
  readonly #answer: EngineOptions<Names>['answer'];
  readonly #streams: StreamHandlers;
  readonly #release: () => Promise<void>;
  readonly #reconfigure: EngineOptions<Names>['reconfigure'];
  readonly #refusals: RefusalLimit;
  #stopping: Promise<void> | undefined;
  /** The newest test write. */
  #touch: { readonly atMs: number; readonly touched: Promise<void> } | null = null;

  private constructor(options: EngineOptions<Names>) {
    this.identity = options.identity;
    this.#services = options.services;
    this.#answer = options.answer;
    this.#streams = options.streams;
    this.#release = options.release;
    this.#reconfigure = options.reconfigure;
    this.#refusals = new RefusalLimit(options.services.world.clock);
  }

  /** Creates an engine whose handlers use these services. It answers only the calls that have a handler. */
  static over<Names extends UnaryCallName, Available extends EngineServices>({
    services,
    handlers,
    ...options
  }: Pick<EngineOptions<Names>, 'streams' | 'identity' | 'release' | 'reconfigure'> & {
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
   * Answers a call. Authorisation, validation of the raw input and audit happen here, for every interface. Throws
   * {@link BackupSyncError} if the call is refused.
   */
  call<Name extends Names>(name: Name, from: CallFrom, fields: unknown): Promise<CallOutput<Name>> {
    return this.#audited(name, from, fields, (call, input) => this.#answer(name, call, input));
  }

  /**
   * Starts a call that answers with a stream, with the checks of {@link call}. Refusals come before the stream begins.
   * The stream continues until the signal is aborted or the engine stops, which throws `unavailable`.
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
    const { meter } = this.#services.world;
    if (this.#stopping !== undefined) throw new BackupSyncError('unavailable', 'the server is stopping');
    const call = { name, caller, requestId, origin, fields };
    const audit = new CallAudit({ ...this.#services, refusals: this.#refusals }, call);
    const logged = beginCall(this.#services.world, call);
    try {
      // Before the input is parsed, so that callers without the required role cause no work.
      authorise(caller, name, projectOf(fields));
      // A call's schema yields the input of its handler, but TypeScript cannot follow the name through both tables.
      const input = parseOrRefuse(calls[name].input, fields) as CheckedInput<Name>;
      audit.begin(input);
      const answer = await run({ caller, requestId, change: audit.change }, input);
      audit.checkRecorded();
      logged.accepted();
      meter?.called(name, null);
      return answer;
    } catch (thrown) {
      const error = catalogueRefusal(thrown);
      logged.refused(error);
      meter?.called(name, error instanceof BackupSyncError ? error.code : 'internal');
      try {
        await audit.refuse(error);
      } catch (unwritten) {
        throw catalogueRefusal(unwritten);
      }
      throw error;
    }
  }

  /** Returns a new id, for requests without one. */
  newId(): string {
    return this.#services.world.newId();
  }

  /**
   * Throws `BackupSyncError` if calls cannot be served now: `catalogue_full` if the catalogue can be read but not
   * written. Tests this with a write at most once a second, however often it is called.
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

  /**
   * Measures the catalogue for monitoring, for all projects. It checks no credentials. Throws `BackupSyncError`
   * if the catalogue cannot be read.
   */
  async measure(limits: MeasureLimits): Promise<Measured> {
    if (this.#stopping !== undefined) throw new BackupSyncError('unavailable', 'the server is stopping');
    const { catalogue, world } = this.#services;
    const nowMs = world.clock.nowMs();
    try {
      return { ...(await catalogue.measures.measureCatalogue(limits, nowMs)), nowMs };
    } catch (error) {
      throw catalogueRefusal(error);
    }
  }

  /** Uses other options for work that begins from now on. */
  reconfigure(changed: ChangeableOptions): void {
    this.#reconfigure?.(changed);
  }

  /** Stops the engine. Unfinished operations continue at the next start. */
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
