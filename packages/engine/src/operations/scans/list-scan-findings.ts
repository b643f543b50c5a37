import type { ScanFinding } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import { findingsPage } from '../tasks/findings-page.ts';

/** Pages through findings in the order of finding, while the scan runs or after. */
export const listScanFindings: CallHandler<'listScanFindings'> = async (context, input) => {
  const { found, ...page } = await findingsPage(context, 'scan', input);
  // Written by the scan alone, so they have this shape.
  return { ...page, findings: found as unknown as ScanFinding[] };
};
