import { detailOf, fromWireTime, hasProblem, type ScanFinding } from '@backup-sync/contracts';
import type { NumberedFinding } from '../catalogue/operation-records.ts';
import type { ScanRequest } from './scan-request.ts';

/**
 * The problem that makes a found backup, which the scan could not import, an error. Null for backups that are recorded
 * or imported, since the record or import has their state, and for those that are probably still being written.
 */
export function problemOf(
  finding: ScanFinding,
  { incompleteAfterS }: Pick<ScanRequest, 'incompleteAfterS'>,
  nowMs: number,
): NonNullable<NumberedFinding['problem']> | null {
  if (!hasProblem(finding) || finding.operation_log_id !== null) return null;
  const { newest_object_at: newestAt, image_path: imagePath, problem } = finding;
  if (newestAt !== null && nowMs - fromWireTime(newestAt) < incompleteAfterS * 1000) return null;
  return { imagePath, fault: { code: problem.code, detail: detailOf(problem) } };
}
