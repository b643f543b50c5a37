import { type DataLevel, dataLevels } from '@backup-sync/contracts';
import type { Json } from '../catalogue/operation-records.ts';

/** The request of a verification, as its operation stores it. */
export type VerifyRequest = {
  readonly level: DataLevel;
  /**
   * Links that a verification has completely read after this time are not read again. So backups of a chain that are
   * verified together, and an interrupted verification, read each link once. Milliseconds since 1970.
   */
  readonly readAfterMs: number;
  /**
   * Contents that are no parts of a volume are not read again if a verification has read them after this time (default:
   * `readAfterMs`).
   */
  readonly objectsReadAfterMs?: number;
};

/** Reads the request of a verification's operation. Only calls and sources write it, so it has this shape. */
export function verifyRequestOf(request: Json): VerifyRequest {
  const { level, ...times } = request as VerifyRequest;
  if (!dataLevels.includes(level)) throw new TypeError(`a verification has no level ${String(level)}`);
  return { level, ...times };
}
