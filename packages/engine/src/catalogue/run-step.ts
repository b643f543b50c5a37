import type { Kysely } from 'kysely';
import type { CallEvent } from './audit-records.ts';
import { checkFence, type Fence, holdFence } from './fence.ts';
import { appendAuditEvent } from './identity-steps/audit.ts';
import { lockIdentity } from './locks.ts';
import type { DueWork } from './operation-records.ts';
import type { Schema } from './schema.ts';
import { type StepName, steps } from './steps.ts';
import type { Step } from './stores/step.ts';

/**
 * A step to be run. `input` has its arguments after the database; `event` is the event of the call that requested it,
 * if one did; `fence` is the operation whose worker requested it, if one did.
 */
export type AskedStep = {
  readonly step: StepName;
  readonly input: readonly unknown[];
  readonly event: CallEvent | null;
  readonly fence: Fence | null;
};

/**
 * Runs a step. If it does what the call wanted, also writes the event of the call. Every driver runs this in one
 * transaction, so that both are written or neither. Throws `LeaseLostError` if the fence no longer holds.
 */
export async function runStep(database: Kysely<Schema>, asked: AskedStep): Promise<unknown> {
  const { step, input, event, fence } = asked;
  if (fence !== null) await checkFence(database, fence);
  const { identity }: Step = steps[step];
  if (identity !== undefined) await lockIdentity(database, identity);
  // The caller's types matched the input to the step; a message between threads loses that.
  const run = steps[step].run as (database: Kysely<Schema>, ...input: readonly unknown[]) => Promise<unknown>;
  const answer = await run(database, ...input);
  if (fence !== null) await holdFence(database, fence);
  if (event !== null && isDone(step, answer, input)) {
    const made = auditOf(step)?.made?.(answer as never, input as never, event.operation) ?? [];
    const subjects = [...event.subjects, ...made];
    await appendAuditEvent(database, { ...event, subjects, outcome: 'done', errorCode: null });
  }
  return answer;
}

/** Whether a step with this answer did what its call wanted. False for a step that calls do not use for changes. */
export function isDone(step: StepName, answer: unknown, input: readonly unknown[]): boolean {
  return auditOf(step)?.isDone(answer as never, input as never) ?? false;
}

/** Returns the work that is due after a step with this answer. */
export function dueOf(name: StepName, answer: unknown, input: readonly unknown[]): readonly DueWork[] {
  const step: Step = steps[name];
  return step.due?.(answer as never, input as never) ?? [];
}

function auditOf(name: StepName): Step['audit'] {
  const step: Step = steps[name];
  return step.audit;
}

/**
 * The fence of a step that a worker requests. Reads need none, and some steps check the epoch of what they change
 * themselves.
 */
export function fenceOf(name: StepName, fence: Fence | null): Fence | null {
  const step: Step = steps[name];
  return step.access === 'write' && step.checksEpoch !== true ? fence : null;
}
