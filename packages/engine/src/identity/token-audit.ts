import type { ErrorCode } from '@backup-sync/contracts';
import type { AuditedCall, AuditLog, AuditSubject } from '../audit/audit-log.ts';
import { outcomeOf } from '../audit/call-audit.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from '../context.ts';
import type { RequestedFrom } from './port.ts';

/** Writes down what becomes of tokens: issued, refused, revoked. */
export class TokenAudit {
  readonly #auditLog: AuditLog;
  readonly #clock: Clock;
  readonly #newId: () => string;

  constructor(auditLog: AuditLog, clock: Clock, newId: () => string) {
    this.#auditLog = auditLog;
    this.#clock = clock;
    this.#newId = newId;
  }

  /** Before the token is answered: until then nobody has it, so that no intent is needed. */
  issued(caller: Caller, from: RequestedFrom): Promise<void> {
    return this.#append(callOf('issueToken', caller, from), null, null);
  }

  refused(userName: string, from: RequestedFrom, errorCode: ErrorCode): Promise<void> {
    const nobody = { kind: 'user', name: userName, projectId: '' } as const;
    return this.#append(callOf('issueToken', nobody, from), errorCode, null);
  }

  /** `holders`: of what is revoked. */
  async revoking(
    caller: Caller,
    from: RequestedFrom,
    holders: readonly AuditSubject[],
    revoke: () => Promise<void>,
  ): Promise<void> {
    const call = callOf('revokeToken', caller, from, holders);
    const intentId = this.#newId();
    await this.#auditLog.addIntent({ ...call, id: intentId, atMs: this.#clock.nowMs() });
    await revoke();
    await this.#append(call, null, intentId);
  }

  #append(call: AuditedCall, errorCode: ErrorCode | null, intentId: string | null): Promise<void> {
    const event = { ...call, id: this.#newId(), atMs: this.#clock.nowMs(), outcome: outcomeOf(errorCode), errorCode };
    return this.#auditLog.append(event, intentId);
  }
}

function callOf(
  operation: 'issueToken' | 'revokeToken',
  { kind, name, projectId }: Pick<Caller, 'kind' | 'name' | 'projectId'>,
  { origin, requestId }: RequestedFrom,
  subjects: readonly AuditSubject[] = [],
): AuditedCall {
  return { projectId, actor: { kind, name }, operation, subjects, ...origin, requestId };
}
