import type { ErrorCode } from '@backup-sync/contracts';
import { outcomeOf } from '../audit/call-audit.ts';
import type { AuditedCall, AuditSubject } from '../catalogue/audit-records.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from './caller.ts';
import type { RequestedFrom } from './port.ts';

/** Whose call it was that is written down: of someone who did not come in, the name as it was given, in no project. */
type Actor = Pick<Caller, 'kind' | 'name' | 'projectId'>;

type TokenOperation = 'issueToken' | 'inspectToken' | 'revokeToken';

/** Writes down what becomes of tokens, and of the first user who may ask for any: issued, refused, revoked, made. */
export class TokenAudit {
  readonly #audit: Catalogue['audit'];
  readonly #clock: Clock;
  readonly #newId: () => string;

  constructor({ audit }: Pick<Catalogue, 'audit'>, clock: Clock, newId: () => string) {
    this.#audit = audit;
    this.#clock = clock;
    this.#newId = newId;
  }

  /** Before the token is answered: until then nobody has it, so that no intent is needed. */
  issued(caller: Caller, from: RequestedFrom): Promise<void> {
    return this.#append(callOf('issueToken', caller, from), null, null);
  }

  refused(
    operation: TokenOperation,
    actor: Actor,
    from: RequestedFrom,
    errorCode: ErrorCode,
    subjects: readonly AuditSubject[] = [],
  ): Promise<void> {
    return this.#append(callOf(operation, actor, from, subjects), errorCode, null);
  }

  /** `subjects`: who holds what is revoked, or who is made. `change` answers why it was not done; null: it was. */
  async changing(
    operation: 'revokeToken' | 'createUser',
    actor: Actor,
    from: RequestedFrom,
    subjects: readonly AuditSubject[],
    change: () => Promise<ErrorCode | null>,
  ): Promise<void> {
    const call = callOf(operation, actor, from, subjects);
    const intentId = this.#newId();
    await this.#audit.addAuditIntent({ ...call, id: intentId, atMs: this.#clock.nowMs() });
    await this.#append(call, await change(), intentId);
  }

  #append(call: AuditedCall, errorCode: ErrorCode | null, intentId: string | null): Promise<void> {
    const event = { ...call, id: this.#newId(), atMs: this.#clock.nowMs(), outcome: outcomeOf(errorCode), errorCode };
    return this.#audit.appendAuditEvent(event, intentId);
  }
}

function callOf(
  operation: TokenOperation | 'createUser',
  { kind, name, projectId }: Actor,
  { origin, requestId }: RequestedFrom,
  subjects: readonly AuditSubject[] = [],
): AuditedCall {
  return { projectId, actor: { kind, name }, operation, subjects, ...origin, requestId };
}
