import type { ErrorCode } from '@backup-sync/contracts';
import { outcomeOf } from '../audit/call-audit.ts';
import type { Caller } from '../caller.ts';
import type { AuditSubject, CallEvent } from '../catalogue/audit-records.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';
import type { RequestedFrom } from './port.ts';

/** Whose call it was that is written down: of someone who did not come in, the name as it was given, in no project. */
type Actor = Pick<Caller, 'kind' | 'name' | 'projectId'>;

/** Calls that are none of the table, and the making of the first user, which nobody calls. */
type IdentityCall = 'issueToken' | 'inspectToken' | 'revokeToken' | 'createUser';

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

  /** The event of a change, which the catalogue writes with it. `subjects`: who holds what is revoked, or who is made. */
  eventOf(
    operation: IdentityCall,
    { kind, name, projectId }: Actor,
    { origin, requestId }: RequestedFrom,
    subjects: readonly AuditSubject[] = [],
  ): CallEvent {
    const call = { projectId, actor: { kind, name }, operation, subjects, ...origin, requestId };
    return { ...call, id: this.#newId(), atMs: this.#clock.nowMs() };
  }

  /** Before whoever asked is told. */
  refused(
    operation: IdentityCall,
    actor: Actor,
    from: RequestedFrom,
    errorCode: ErrorCode,
    subjects: readonly AuditSubject[] = [],
  ): Promise<void> {
    const event = this.eventOf(operation, actor, from, subjects);
    return this.#audit.appendAuditEvent({ ...event, outcome: outcomeOf(errorCode), errorCode });
  }
}
