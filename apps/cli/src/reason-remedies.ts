import type { Reason, ReasonCode } from '@backup-sync/contracts';

/** Remedies in terms of commands and options, for reasons whose remedy is about the API or a server. */
const reasonRemedies: { readonly [Code in ReasonCode]?: string } = {
  path_not_found: 'Check the bucket and the image path of the item, then run the command again.',
  path_not_a_backup: 'Use the image path that the message names. "backup-sync scan" lists all image paths of a bucket.',
  bucket_not_found: 'Check the name of the bucket, and that --storage (BACKUP_SYNC_STORAGE) names its storage unit.',
  storage_unreachable:
    'Check the address or directory in --storage (BACKUP_SYNC_STORAGE) and the network to it, then run the command ' +
    'again.',
  storage_throttled: 'Send fewer requests to this bucket, then run the command again.',
  identity_mismatch: 'Compare backup_id, resource_id and image_path of the item with the metadata.',
  conflict: 'Nothing was overwritten. Use another backup_id, or run "backup-sync backups delete" on the record first.',
  changed_while_read: 'Stop the program that writes to the backup, then run the command again.',
  no_backup_recognised:
    'Check the bucket and the prefix. For backups in an unknown format, give the path template of their image paths ' +
    'with --path-template.',
  vanished:
    'If it was deleted on purpose, run "backup-sync backups delete" on the record. Otherwise put the backup back ' +
    'into the bucket: it is then recorded again.',
};

/** Says what to do about a reason, in terms of commands and options. */
export function remedyOnCommandLine({ code, remedy }: Pick<Reason, 'code' | 'remedy'>): string {
  const own = reasonRemedies[code];
  return own ?? remedy.replace('sync again', 'run the command again').replace('Sync again', 'Run the command again');
}
