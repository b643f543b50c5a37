import { BackupSyncError, incompleteAfterDefaultS, type PathTemplate, parsePathTemplate } from '@backup-sync/contracts';
import type { Json } from '../catalogue/operation-records.ts';
import type { KnownFormat } from '../chain/formats/formats.ts';

/** The request of a scan, as its operation stores it. */
export type ScanRequest = {
  readonly prefix: string;
  /** Only backups of these formats. Null: all known formats. */
  readonly formats: readonly KnownFormat[] | null;
  readonly pathTemplate: string | null;
  readonly sync: boolean;
  readonly withAncestors: boolean;
  /** Records whose proof is older than this many seconds are examined again. Null: none. */
  readonly reverifyAfterS: number | null;
  /** Seconds after which a backup without its commit mark counts as an error. */
  readonly incompleteAfterS: number;
  /** True for a source's run that marks held removals, because they were confirmed. */
  readonly confirmsRemovals: boolean;
};

/**
 * Reads the request of a scan's operation. Only calls and sources write it, so it has this shape; older releases wrote
 * no `incompleteAfterS`.
 */
export function scanRequestOf(request: Json): ScanRequest {
  const asked = request as Omit<ScanRequest, 'incompleteAfterS'> & Partial<ScanRequest>;
  return { ...asked, incompleteAfterS: asked.incompleteAfterS ?? incompleteAfterDefaultS };
}

/** Compiles a path template that was checked when the request was accepted. */
export function compileTemplate(template: string): PathTemplate {
  const parsed = parsePathTemplate(template);
  if ('problem' in parsed) throw new BackupSyncError('invalid_request', `path_template: ${parsed.problem}`);
  return parsed;
}
