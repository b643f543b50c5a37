import type { SessionConnection, SessionLock } from '../catalogue/postgres/session-connection.ts';
import type { JobRun, JobWork } from '../queue/port.ts';
import type { Sleep } from '../storage/bucket-budget.ts';

/** Interval at which a job tries to get a name that a job of another node has. Milliseconds. */
const tryEveryMs = 1_000;

/**
 * Makes the claims of jobs hold over all nodes. If the session of a node is lost, another node may claim its names: both
 * jobs then do the same work, and each records what it finds.
 */
export function claimOverNodes(work: JobWork, session: Pick<SessionConnection, 'tryLock'>, sleep: Sleep): JobWork {
  return async (job, run) => {
    const held = new Map<string, SessionLock>();
    const claim: JobRun['claim'] = async (name, signal) => {
      // First in this process, so that one job of each node asks for the lock.
      await run.claim(name, signal);
      // A job that runs again after its node lost its leases still has its names, unless the session was lost as well.
      if (held.get(name)?.lost.aborted === false) return;
      const tryLock = () => session.tryLock(`claim ${name}`);
      let lock = await tryLock();
      if (lock === null) {
        lock = await run.withoutPlace(async () => {
          for (;;) {
            await sleep(tryEveryMs, signal);
            const taken = await tryLock();
            if (taken !== null) return taken;
          }
        });
      }
      held.set(name, lock);
    };
    try {
      await work(job, { ...run, claim });
    } finally {
      for (const lock of held.values()) await lock[Symbol.asyncDispose]();
    }
  };
}
