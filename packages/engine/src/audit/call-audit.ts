import { BackupSyncError, type CallName, calls, type ErrorCode, errors } from '@backup-sync/contracts';
import type { Caller } from '../caller.ts';
import type { AuditSubject, CallEvent } from '../catalogue/audit-records.ts';
import type { Catalogue, Change } from '../catalogue/catalogue.ts';
import type { ChangeName, StepInput, StepOutput } from '../catalogue/steps.ts';
import type { Clock } from '../clock.ts';
import type { Origin } from './origin.ts';
import type { RefusalLimit } from './refusal-limit.ts';
import { subjectsOf, subjectsOfUnchecked } from './subjects.ts';

/** Refusals because of missing rights, not because of a malformed request. */
const refusalsOfRight: ReadonlySet<ErrorCode> = new Set([
  'project_not_allowed',
  'role_not_allowed',
  'bucket_not_bound',
]);

/** A call that reached the engine. */
export type Call = {
  readonly name: CallName;
  readonly caller: Caller;
  readonly requestId: string;
  readonly origin: Origin;
  /** The unchecked input. */
  readonly fields: unknown;
};

type AuditServices = {
  readonly catalogue: Pick<Catalogue, 'audit' | 'change'>;
  readonly world: { readonly clock: Clock; readonly newId: () => string };
  readonly refusals: RefusalLimit;
};

/**
 * Writes the audit event of a call: of each mutation, and of a query or stream that the caller had no right to. Of
 * calls refused before they begin, it writes the first 100 of a caller in a minute. A request that an interface cannot
 * read, because its body is not a JSON object, never becomes a call and leaves no event: it names and changes nothing.
 *
 * A change and its event are one step of the catalogue. From then on the call is `done`, even if the caller gets an
 * error because the changed data could not be read for the answer.
 */
export class CallAudit {
  readonly #services: AuditServices;
  readonly #call: Call;
  /** The checked input. Null until the input was checked. */
  #checked: { readonly input: object } | null = null;
  #hasAskedForChange = false;
  #isRecorded = false;

  constructor(services: AuditServices, call: Call) {
    this.#services = services;
    this.#call = call;
  }

  /** Sets the checked input. Call it before anything is done. */
  begin(input: object): void {
    this.#checked = { input };
  }

  /** Makes the only change of the call, and writes its event in the same step. Throws if it was called before. */
  readonly change: Change = async <Name extends ChangeName>(
    step: Name,
    ...input: StepInput<Name>
  ): Promise<StepOutput<Name>> => {
    if (this.#hasAskedForChange) throw new Error(`${this.#call.name} requests a second change: ${step}`);
    this.#hasAskedForChange = true;
    const event = this.#eventOf(subjectsOf(this.#checked?.input));
    const { answer, isRecorded } = await this.#services.catalogue.change(event, step, ...input);
    this.#isRecorded = isRecorded;
    return answer;
  };

  /** Throws if a mutation has no event, since it has then changed nothing. Call it before the answer. */
  checkRecorded(): void {
    if (calls[this.#call.name].kind !== 'mutation' || this.#isRecorded) return;
    throw new Error(`${this.#call.name} has changed nothing, so it must not be answered`);
  }

  /** Writes the event of a refused or failed call. Call it before the caller gets the error. */
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

/** Whether the service failed (status 500 or more), or refused the call. */
export function outcomeOf(errorCode: ErrorCode): 'refused' | 'failed' {
  return errors[errorCode].httpStatus >= 500 ? 'failed' : 'refused';
}
