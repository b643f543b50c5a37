import { type DataLevel, dataLevels } from '@backup-sync/contracts';
import type { Json } from '../catalogue/operation-records.ts';

/** What a verification is asked to do, as its operation keeps it. */
export type VerifyRequest = {
  readonly level: DataLevel;
  /**
   * Links that a verification has read to their end since then are not read again: so that several backups of a chain
   * that are verified together, and a verification that was interrupted, read each link once. Milliseconds since 1970.
   */
  readonly readAfterMs: number;
};

/** The request of a verification's operation: written by calls and sources alone, so it has this shape. */
export function verifyRequestOf(request: Json): VerifyRequest {
  const { level, readAfterMs } = request as VerifyRequest;
  if (!dataLevels.includes(level)) throw new TypeError(`a verification has no level ${String(level)}`);
  return { level, readAfterMs };
}
