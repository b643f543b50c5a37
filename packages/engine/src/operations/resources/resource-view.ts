import { type Resource, toWireTime } from '@backup-sync/contracts';
import type { ResourceStanding } from '../../catalogue/port.ts';
import { ageSecondsOf } from '../../taken-at.ts';

/** A resource in the form of the wire. A head that is in the future by now, since the clock was set back, is none. */
export function resourceView(
  { resourceId, resourceName, backups, proved, head, retiredAtMs }: ResourceStanding,
  nowMs: number,
): Resource {
  const ageS = head === null ? null : ageSecondsOf(head.takenAtMs, nowMs);
  const newest = ageS === null ? null : head;
  return {
    resource_id: resourceId,
    resource_name: resourceName,
    backups,
    proved_backups: proved,
    newest_proved_backup_id: newest?.backupId ?? null,
    newest_proved_at: newest === null ? null : toWireTime(newest.takenAtMs),
    newest_proved_at_source: newest?.takenAtSource ?? null,
    newest_proved_age_s: ageS,
    retired_at: retiredAtMs === null ? null : toWireTime(retiredAtMs),
  };
}
