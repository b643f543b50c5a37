import { hasEnded, type Operation, type ScanFinding } from '@backup-sync/contracts';
import type { CallOptions, Calls } from './calls.ts';
import { firstPauseMs, nextPauseMs } from './follow-pauses.ts';
import type { Runtime } from './runtime.ts';

/** Changes of a scan since the last poll. */
export type ScanNews = {
  /** New findings, in the order in which they were found. */
  readonly findings: readonly ScanFinding[];
  /** Whether the scan has read the whole listing. */
  readonly complete: boolean;
  /** The scan, as it was just before the findings were read. */
  readonly operation: Operation;
};

/** Implements `Client.followScan`. */
export async function* followScan(
  calls: Pick<Calls, 'listScanFindings' | 'showOperation'>,
  operationId: string,
  runtime: Runtime,
  options: CallOptions = {},
): AsyncGenerator<ScanNews> {
  let after = 0;
  let pauseMs = firstPauseMs;
  while (true) {
    // Read before the findings: once a scan has ended, all its findings are there.
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
