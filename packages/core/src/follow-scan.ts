import { hasEnded, type Operation, type ScanFinding } from '@backup-sync/contracts';
import type { CallOptions, Calls } from './calls.ts';
import { firstPauseMs, nextPauseMs } from './follow-pauses.ts';
import type { Runtime } from './runtime.ts';

/** What is new of a scan. */
export type ScanNews = {
  /** In the order of finding. */
  readonly findings: readonly ScanFinding[];
  /** The whole listing was seen. */
  readonly complete: boolean;
  /** How the scan stands. */
  readonly operation: Operation;
};

/**
 * Follows a scan to its end, and that of its imports, and yields what is found as it is found; the last news has the
 * ended operation. Throws the reason of the signal once that is aborted: the scan goes on then.
 */
export async function* followScan(
  calls: Pick<Calls, 'listScanFindings' | 'showOperation'>,
  operationId: string,
  runtime: Runtime,
  options: CallOptions = {},
): AsyncGenerator<ScanNews> {
  let after = 0;
  let pauseMs = firstPauseMs;
  while (true) {
    // Asked first: what an ended scan has found is all there.
    const { operation } = await calls.showOperation({ operation_id: operationId }, options);
    const page = await calls.listScanFindings({ operation_id: operationId, after }, options);
    yield { findings: page.findings, complete: page.complete, operation };
    after = page.next;
    if (page.findings.length > 0) pauseMs = firstPauseMs;
    else if (hasEnded(operation.status)) return;
    else {
      await runtime.sleep(pauseMs, options.signal);
      pauseMs = nextPauseMs(pauseMs);
    }
  }
}
