import type { Kysely } from 'kysely';
import type { CallEvent } from './audit-records.ts';
import { appendAuditEvent } from './identity-steps/audit.ts';
import type { Schema } from './schema.ts';
import { type StepName, steps } from './steps.ts';
import type { Step } from './stores/step.ts';

/** A step that is asked for. `input` is what it takes beside the database; `event` is of the call that asks, if one does. */
export type AskedStep = {
  readonly step: StepName;
  readonly input: readonly unknown[];
  readonly event: CallEvent | null;
};

/**
 * Runs a step, and writes down the call that it was asked for with, if the step did what the call wanted. Every driver
 * runs it in one transaction, so that both are there or neither.
 */
export async function runStep(database: Kysely<Schema>, asked: AskedStep): Promise<unknown> {
  const { step, input, event } = asked;
  // The caller's types tied input and step together; a message between threads cannot say so.
  const run = steps[step].run as (database: Kysely<Schema>, ...input: readonly unknown[]) => Promise<unknown>;
  const answer = await run(database, ...input);
  if (event !== null && isDone(step, answer, input)) {
    const made = auditOf(step)?.made?.(answer as never, input as never, event.operation) ?? [];
    const subjects = [...event.subjects, ...made];
    await appendAuditEvent(database, { ...event, subjects, outcome: 'done', errorCode: null });
  }
  return answer;
}

/** Whether a step that answers this did what the call wanted that asked for it. */
export function isDone(step: StepName, answer: unknown, input: readonly unknown[]): boolean {
  return auditOf(step)?.isDone(answer as never, input as never) ?? false;
}

function auditOf(name: StepName): Step['audit'] {
  const step: Step = steps[name];
  return step.audit;
}
