import { BackupSyncError, type CallName, calls, type ErrorCode, errors } from '@backup-sync/contracts';
import type { Caller } from '../caller.ts';
import type { AuditSubject, CallEvent } from '../catalogue/audit-records.ts';
import type { Catalogue, Change } from '../catalogue/catalogue.ts';
import type { ChangeName, StepInput, StepOutput } from '../catalogue/steps.ts';
import type { Clock } from '../clock.ts';
import type { Origin } from './origin.ts';
import type { RefusalLimit } from './refusal-limit.ts';
import { subjectsOf, subjectsOfUnchecked } from './subjects.ts';

/** Refusals of what may be done, rather than of how it was asked for. */
const refusalsOfRight: ReadonlySet<ErrorCode> = new Set([
  'project_not_allowed',
  'role_not_allowed',
  'bucket_not_bound',
]);

type Call = {
  readonly name: CallName;
  readonly caller: Caller;
  readonly requestId: string;
  readonly origin: Origin;
  /** As they came. */
  readonly fields: unknown;
};

type AuditServices = {
  readonly catalogue: Pick<Catalogue, 'audit' | 'change'>;
  readonly world: { readonly clock: Clock; readonly newId: () => string };
  readonly refusals: RefusalLimit;
};

/**
 * Writes down a call: each mutation, and a query or stream that the caller had no right to. Of calls that are refused
 * before they begin, the first hundred of a caller in a minute. A request that a door cannot read, since its body is no
 * JSON or no object, never becomes a call and leaves no event: it names nothing and changes nothing.
 *
 * A change and its event are one step of the catalogue. From then on the call is `done`, even if the caller is answered
 * an error, because what was changed could not be read for the answer.
 */
export class CallAudit {
  readonly #services: AuditServices;
  readonly #call: Call;
  /** The input as it was checked; null while it has not been. */
  #checked: { readonly input: object } | null = null;
  #hasAskedForChange = false;
  #isRecorded = false;

  constructor(services: AuditServices, call: Call) {
    this.#services = services;
    this.#call = call;
  }

  /** Once `input` was checked, before anything is done. */
  begin(input: object): void {
    this.#checked = { input };
  }

  /** The one change of the call, which its event goes with. Throws if the call has asked for one before. */
  readonly change: Change = async <Name extends ChangeName>(
    step: Name,
    ...input: StepInput<Name>
  ): Promise<StepOutput<Name>> => {
    if (this.#hasAskedForChange) throw new Error(`${this.#call.name} asks for a second change: ${step}`);
    this.#hasAskedForChange = true;
    const event = this.#eventOf(subjectsOf(this.#checked?.input));
    const { answer, isRecorded } = await this.#services.catalogue.change(event, step, ...input);
    this.#isRecorded = isRecorded;
    return answer;
  };

  /** Before the answer. Throws if a mutation is not written down: then nothing has been changed as it should be. */
  checkRecorded(): void {
    if (calls[this.#call.name].kind !== 'mutation' || this.#isRecorded) return;
    throw new Error(`${this.#call.name} is to be answered, and has changed nothing`);
  }

  /** Writes down why the call is not answered, before the caller is told. */
  async refuse(error: unknown): Promise<void> {
    if (this.#isRecorded) return;
    const errorCode = error instanceof BackupSyncError ? error.code : 'internal';
    if (calls[this.#call.name].kind !== 'mutation' && !refusalsOfRight.has(errorCode)) return;
    if (this.#checked === null && !this.#services.refusals.isWritten(this.#call.caller)) return;
    const subjects = this.#checked === null ? subjectsOfUnchecked(this.#call.fields) : subjectsOf(this.#checked.input);
    const event = { ...this.#eventOf(subjects), outcome: outcomeOf(errorCode), errorCode };
    await this.#services.catalogue.audit.appendAuditEvent(event);
  }

  #eventOf(subjects: readonly AuditSubject[]): CallEvent {
    const { clock, newId } = this.#services.world;
    const { name, caller, requestId, origin } = this.#call;
    return {
      id: newId(),
      atMs: clock.nowMs(),
      projectId: caller.projectId,
      actor: { kind: caller.kind, name: caller.name },
      operation: name,
      subjects,
      ...origin,
      requestId,
    };
  }
}

/** What the service could not do, against what it would not. */
export function outcomeOf(errorCode: ErrorCode): 'refused' | 'failed' {
  return errors[errorCode].httpStatus >= 500 ? 'failed' : 'refused';
}
