import { BackupSyncError, incompleteAfterDefaultS, type PathTemplate, parsePathTemplate } from '@backup-sync/contracts';
import type { Json } from '../catalogue/operation-records.ts';
import type { KnownFormat } from '../chain/formats/formats.ts';

/** What a scan is asked to do, as its operation keeps it. */
export type ScanRequest = {
  readonly prefix: string;
  /** Only backups of these formats; null: of all that are known. */
  readonly formats: readonly KnownFormat[] | null;
  readonly pathTemplate: string | null;
  readonly sync: boolean;
  readonly withAncestors: boolean;
  /** Records whose proof is older than so many seconds are examined again; null: never. */
  readonly reverifyAfterS: number | null;
  /** Backups that are still without their commit mark after so many seconds are in error. */
  readonly incompleteAfterS: number;
  /** Of a source's run: marks the removals that were held, since someone confirmed them. */
  readonly confirmsRemovals: boolean;
};

/** The request of a scan's operation: written by the calls alone, so it has this shape. Older releases wrote no time. */
export function scanRequestOf(request: Json): ScanRequest {
  const asked = request as Omit<ScanRequest, 'incompleteAfterS'> & Partial<ScanRequest>;
  return { ...asked, incompleteAfterS: asked.incompleteAfterS ?? incompleteAfterDefaultS };
}

/** A template that was checked when it came in. */
export function compileTemplate(template: string): PathTemplate {
  const parsed = parsePathTemplate(template);
  if ('problem' in parsed) throw new BackupSyncError('invalid_request', `path_template: ${parsed.problem}`);
  return parsed;
}
