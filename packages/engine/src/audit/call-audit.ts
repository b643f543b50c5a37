import { BackupSyncError, type CallName, calls, type ErrorCode, errors } from '@backup-sync/contracts';
import type { AuditedCall, AuditRecord, AuditSubject } from '../catalogue/audit-records.ts';
import type { Caller } from '../identity/caller.ts';
import type { Services } from '../services.ts';
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

type Came = { readonly answer: unknown } | { readonly error: unknown };

type AuditServices = Pick<Services, 'catalogue' | 'world'> & { readonly refusals: RefusalLimit };

/**
 * Writes down a call: each mutation, and a query or stream that the caller had no right to. Of calls that are refused
 * before they begin, the first hundred of a caller in a minute. A request that a door cannot read, since its body is no
 * JSON or no object, never becomes a call and leaves no event: it names nothing and changes nothing.
 */
export class CallAudit {
  readonly #services: AuditServices;
  readonly #call: Call;
  /** The input as it was checked; null while it has not been. */
  #checked: { readonly input: object } | null = null;
  #intentId: string | null = null;

  constructor(services: AuditServices, call: Call) {
    this.#services = services;
    this.#call = call;
  }

  /** Once `input` was checked, before anything is done: what a crash interrupts is found at the next start. */
  async begin(input: object): Promise<void> {
    this.#checked = { input };
    if (calls[this.#call.name].kind !== 'mutation') return;
    const {
      catalogue,
      world: { clock, newId },
    } = this.#services;
    const id = newId();
    await catalogue.audit.addAuditIntent({ ...auditedCall(this.#call, subjectsOf(input)), id, atMs: clock.nowMs() });
    this.#intentId = id;
  }

  /** Before the answer: nothing is said to be done that is not written down. */
  async end(came: Came): Promise<void> {
    const errorCode = 'answer' in came ? null : came.error instanceof BackupSyncError ? came.error.code : 'internal';
    const isRefusalOfRight = errorCode !== null && refusalsOfRight.has(errorCode);
    if (calls[this.#call.name].kind !== 'mutation' && !isRefusalOfRight) return;
    const {
      catalogue,
      world: { clock, newId },
      refusals,
    } = this.#services;
    if (this.#checked === null && !refusals.isWritten(this.#call.caller)) return;
    const subjects =
      this.#checked === null
        ? subjectsOfUnchecked(this.#call.fields)
        : subjectsOf(this.#checked.input, 'answer' in came ? came.answer : undefined);
    const call = auditedCall(this.#call, subjects);
    const outcome = { outcome: outcomeOf(errorCode), errorCode };
    await catalogue.audit.appendAuditEvent({ ...call, id: newId(), atMs: clock.nowMs(), ...outcome }, this.#intentId);
  }
}

function auditedCall({ name, caller, requestId, origin }: Call, subjects: readonly AuditSubject[]): AuditedCall {
  return {
    projectId: caller.projectId,
    actor: { kind: caller.kind, name: caller.name },
    operation: name,
    subjects,
    ...origin,
    requestId,
  };
}

/** What the service could not do, against what it would not. */
export function outcomeOf(errorCode: ErrorCode | null): AuditRecord['outcome'] {
  if (errorCode === null) return 'done';
  return errors[errorCode].httpStatus >= 500 ? 'failed' : 'refused';
}
