import type { Json } from '../../catalogue/task-port.ts';
import type { TaskOutcome, TaskRun } from '../tasks/run-task.ts';
import { scanBucket } from './scan-bucket.ts';
import { scanRequestOf } from './scan-request.ts';

/** The work of a scan. What throws on the way leaves what was found, listed as not complete. */
export async function workOnScan(run: TaskRun): Promise<TaskOutcome> {
  const totals = await scanBucket(run, scanRequestOf(run.task.request), async () => {});
  return {
    message: `the listing is complete: ${totals.objects} objects, ${totals.found} backups, ${totals.problems} with a problem`,
    fault: null,
    result: totals as Json,
  };
}
