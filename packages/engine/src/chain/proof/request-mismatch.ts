import type { BackupSync } from '@backup-sync/contracts';
import { quote } from '../../quote.ts';
import { formRemark } from '../../unicode-form.ts';
import type { Fault } from './link.ts';

/** The identity of the backup that is stored at the image path of a request. */
export type Identity = {
  /** Source of the identity, for the message. */
  readonly source: string;
  readonly backupId: string;
  /** Null if it is not compared: the request is for another kind of resource, or the id is not known. */
  readonly resourceId: string | null;
};

/** Why a request contradicts what is stored at its own image path; null if it does not. */
export function findMismatch(item: BackupSync, { source, backupId, resourceId }: Identity): Fault | null {
  if (item.backup_id !== backupId) return mismatch('backup_id', item.backup_id, source, backupId);
  if (resourceId === null || item.resource_id === resourceId) return null;
  return mismatch('resource_id', item.resource_id, source, resourceId);
}

function mismatch(field: string, requested: string, source: string, stored: string): Fault {
  const remark = formRemark(requested, stored);
  const detail = `the request has ${field} ${quote(requested)}, but ${source} belongs to ${quote(stored)}${remark}`;
  return { code: 'identity_mismatch', detail };
}
