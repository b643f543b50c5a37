import type { ErrorCode } from '@backup-sync/contracts';
import { outcomeOf } from '../audit/call-audit.ts';
import type { Caller } from '../caller.ts';
import type { AuditSubject, CallEvent } from '../catalogue/audit-records.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Clock } from '../clock.ts';
import type { RequestedFrom } from './port.ts';

/** The actor of an event. For a failed login it is the name as given, without a project. */
type Actor = Pick<Caller, 'kind' | 'name' | 'projectId'>;

/** Calls outside the table of calls, and the creation of the first user, which no caller requests. */
type IdentityCall = 'issueToken' | 'inspectToken' | 'revokeToken' | 'createUser';

/** Writes audit events for issued, refused, inspected and revoked tokens, and for the creation of the first user. */
export class TokenAudit {
  readonly #audit: Catalogue['audit'];
  readonly #clock: Clock;
  readonly #newId: () => string;

  constructor({ audit }: Pick<Catalogue, 'audit'>, clock: Clock, newId: () => string) {
    this.#audit = audit;
    this.#clock = clock;
    this.#newId = newId;
  }

  /**
   * The event of a change, which the catalogue writes with it. `subjects`: the holder of a revoked token, or the new
   * user.
   */
  eventOf(
    operation: IdentityCall,
    { kind, name, projectId }: Actor,
    { origin, requestId }: RequestedFrom,
    subjects: readonly AuditSubject[] = [],
  ): CallEvent {
    const call = { projectId, actor: { kind, name }, operation, subjects, ...origin, requestId };
    return { ...call, id: this.#newId(), atMs: this.#clock.nowMs() };
  }

  /** Writes the event of what an outside identity service did. */
  done(
    operation: IdentityCall,
    actor: Actor,
    from: RequestedFrom,
    subjects: readonly AuditSubject[] = [],
  ): Promise<void> {
    const event = this.eventOf(operation, actor, from, subjects);
    return this.#audit.appendAuditEvent({ ...event, outcome: 'done', errorCode: null });
  }

  /** Writes the event of a refusal. Call it before the caller gets the error. */
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
