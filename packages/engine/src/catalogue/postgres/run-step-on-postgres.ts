import type { Kysely } from 'kysely';
import type { Lock, LockKind } from '../lock-kinds.ts';
import { isOfOneQuery } from '../one-query.ts';
import type { DueWork } from '../operation-records.ts';
import { type AskedStep, dueOf, runStep } from '../run-step.ts';
import type { Schema } from '../schema.ts';
import { steps } from '../steps.ts';
import type { Step } from '../stores/step.ts';
import { beginLocks, lockWholeProjects, MoreLocksError } from './held-locks.ts';
import { catalogueFault, isOfStatement, isPassing, untilUnhindered } from './postgres-fault.ts';

/**
 * Number of times that a step is run again with more locks. A step that follows the backups of a chain may find one more
 * each time, so after that it locks whole projects.
 */
const lockingsMax = 3;

/** Stores jobs for work, in a transaction. */
export type StoreJobs = (transaction: Kysely<Schema>, due: readonly DueWork[]) => Promise<void>;

/**
 * Runs a step in a transaction, with the jobs for the work that is due after it. Throws the error of the step, or that
 * of a catalogue that cannot serve.
 */
export async function runStepOnPostgres(
  database: Kysely<Schema>,
  asked: AskedStep,
  storeJobs: StoreJobs,
): Promise<unknown> {
  try {
    return steps[asked.step].access === 'read'
      ? await runRead(database, asked)
      : await runWrite(database, asked, storeJobs);
  } catch (error) {
    throw catalogueFault(error);
  }
}

/** All queries of a reading step see the same state. A single one does so without a transaction. */
async function runRead(database: Kysely<Schema>, asked: AskedStep): Promise<unknown> {
  const run = () => {
    if (isOfOneQuery(steps[asked.step].run)) return runStep(database, asked);
    return database
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((transaction) => runStep(transaction, asked));
  };
  return await untilUnhindered(run, isOfStatement);
}

async function runWrite(database: Kysely<Schema>, asked: AskedStep, storeJobs: StoreJobs): Promise<unknown> {
  const { locks = [] }: Step = steps[asked.step];
  const declared: readonly LockKind[] = ['identity', 'project', ...locks];
  let wanted: readonly Lock[] = [];
  let lockings = 0;
  const run = () =>
    database
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (transaction) => {
        await beginLocks(transaction, declared).take(transaction, wanted);
        const answer = await runStep(transaction, asked);
        const due = dueOf(asked.step, answer, asked.input);
        if (due.length > 0) await storeJobs(transaction, due);
        return answer;
      });
  return await untilUnhindered(run, (error) => {
    if (!(error instanceof MoreLocksError)) return isPassing(error);
    lockings += 1;
    wanted = lockings < lockingsMax ? error.locks : lockWholeProjects(error.locks);
    return true;
  });
}
