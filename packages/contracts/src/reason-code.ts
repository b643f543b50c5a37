import { z } from 'zod';

/**
 * Who retries after a failure:
 * - `final`: nobody; the cause must be fixed first;
 * - `later`: the caller; the operation has ended, and a later sync may succeed;
 * - `self`: the server, until it succeeds or the time for retries is over.
 */
export const reasonRetries = ['final', 'later', 'self'] as const;
export type ReasonRetry = (typeof reasonRetries)[number];

/** The fixed part of a reason: its permanent number, who retries, and what to do. */
type ReasonDefinition = {
  /** Permanent: never reused, never changed. */
  readonly number: `BackupSync.${number}`;
  /** What happened: the start of a sentence, without a period. {@link describeReason} appends the detail. */
  readonly summary: string;
  /** Who retries; see {@link reasonRetries}. */
  readonly retry: ReasonRetry;
  /** What to do, in imperative sentences. */
  readonly remedy: string;
};

/** Why an item failed: the closed list, by code. */
export const reasons = {
  path_not_found: {
    number: 'BackupSync.2001',
    summary: 'nothing is stored at the image path',
    retry: 'final',
    remedy: 'Compare bucket_name and image_path with the bucket, then sync again.',
  },
  path_not_a_backup: {
    number: 'BackupSync.2031',
    summary: 'the image path is not the path of a backup',
    retry: 'final',
    remedy: 'Sync the image path that the message names. A scan of the bucket lists all image paths.',
  },
  bucket_not_found: {
    number: 'BackupSync.2002',
    summary: 'the bucket does not exist',
    retry: 'final',
    remedy: 'Check bucket_name, and that the storage unit is the one with this bucket.',
  },
  access_denied: {
    number: 'BackupSync.2003',
    summary: 'the storage unit denied access to the backup',
    retry: 'final',
    remedy:
      'Allow the credentials to list the bucket and read its objects, or grant the bucket to the project ("backup-sync buckets grant"); then sync again.',
  },
  storage_unreachable: {
    number: 'BackupSync.2004',
    summary: 'the storage unit could not be reached',
    retry: 'self',
    remedy:
      'Check the address of the storage unit and the network to it. The server retries for a while; after that, sync again.',
  },
  storage_throttled: {
    number: 'BackupSync.2005',
    summary: 'the storage unit throttles requests',
    retry: 'self',
    remedy: 'Send fewer requests to this bucket. The server retries for a while; after that, sync again.',
  },
  storage_wrong_region: {
    number: 'BackupSync.2033',
    summary: 'the storage unit expects requests for another region',
    retry: 'final',
    remedy:
      'Set AWS_REGION to the region that the message names, restart the server if one is running, then sync again.',
  },
  storage_redirected: {
    number: 'BackupSync.2034',
    summary: 'the storage unit has this bucket at another address',
    retry: 'final',
    remedy:
      'Set --storage (BACKUP_SYNC_STORAGE) to the address that the message names, with --storage-moved once, and AWS_REGION to its region; then sync again. Buckets at different addresses need a data directory each.',
  },
  storage_token_expired: {
    number: 'BackupSync.2035',
    summary: 'the storage unit no longer accepts the session token',
    retry: 'later',
    remedy:
      'Renew the temporary credentials. If they are in variables, set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN again and restart the server; then sync again.',
  },
  storage_key_unknown: {
    number: 'BackupSync.2036',
    summary: 'the storage unit does not know the access key',
    retry: 'final',
    remedy:
      'Check AWS_ACCESS_KEY_ID (or the profile), and that --storage names the service that issued the key; then sync again.',
  },
  storage_secret_wrong: {
    number: 'BackupSync.2037',
    summary: 'the storage unit rejects the signature',
    retry: 'final',
    remedy:
      'Check AWS_SECRET_ACCESS_KEY (or the profile), then AWS_REGION. If both are right, check whether a proxy in front of the storage unit changes the host or path of requests.',
  },
  storage_credentials_missing: {
    number: 'BackupSync.2038',
    summary: 'no credentials for the storage unit were found',
    retry: 'final',
    remedy:
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, in the environment of the server or command; then sync again.',
  },
  storage_virtual_hosts_only: {
    number: 'BackupSync.2039',
    summary: 'the storage unit requires the bucket in the host name',
    retry: 'final',
    remedy: 'Set --addressing-style virtual (BACKUP_SYNC_ADDRESSING_STYLE=virtual), then sync again.',
  },
  storage_not_implemented: {
    number: 'BackupSync.2040',
    summary: 'the storage unit does not support a required request',
    retry: 'final',
    remedy:
      'Check that --storage names an S3 endpoint. It must support ListObjectsV2 or ListObjects, GetObject and HeadObject.',
  },
  storage_clock_skewed: {
    number: 'BackupSync.2041',
    summary: 'the clock of this machine differs too much from the clock of the storage unit',
    retry: 'later',
    remedy: 'Set the clock of the machine that runs backup-sync (for example by NTP), then sync again.',
  },
  storage_request_refused: {
    number: 'BackupSync.2042',
    summary: 'the storage unit refused a request',
    retry: 'final',
    remedy:
      'Read what the service or proxy says in the message. Check --storage, AWS_REGION, --addressing-style, the proxy (HTTPS_PROXY, NO_PROXY), and that the service accepts signatures of version 4; then sync again.',
  },
  storage_certificate_refused: {
    number: 'BackupSync.2043',
    summary: 'the certificate of the storage unit is not trusted',
    retry: 'final',
    remedy:
      'Check the address in --storage. If a private authority signed the certificate, set AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS to its PEM file and restart the server; then sync again.',
  },
  incomplete: {
    number: 'BackupSync.2006',
    summary: 'the backup is still being written, or was abandoned',
    retry: 'later',
    remedy: 'Sync again when the backup program has finished. If it gave up, delete the remains and back up again.',
  },
  metadata_unreadable: {
    number: 'BackupSync.2007',
    summary: 'the metadata cannot be read',
    retry: 'final',
    remedy: 'Restore the metadata object from a copy of the bucket, or back up again.',
  },
  version_unsupported: {
    number: 'BackupSync.2008',
    summary: 'the version of the metadata is not supported',
    retry: 'final',
    remedy:
      'Use a release of backup-sync that supports this version of the format, or write the backup again in another.',
  },
  identity_mismatch: {
    number: 'BackupSync.2009',
    summary: 'the metadata describes a different backup or resource than the request',
    retry: 'final',
    remedy: 'Compare backup_id, resource_id and image_path of the request with the metadata.',
  },
  parent_missing: {
    number: 'BackupSync.2010',
    summary: 'a parent that the chain needs is missing',
    retry: 'final',
    remedy: 'Put the missing parent back into its bucket. Without it, this backup cannot be restored.',
  },
  parent_ambiguous: {
    number: 'BackupSync.2029',
    summary: 'more than one backup could be the parent, and they differ',
    retry: 'final',
    remedy:
      'Sync the right parent first, so that the catalogue knows it, or move the other backup away; then sync again.',
  },
  parent_broken: {
    number: 'BackupSync.2011',
    summary: 'a parent that the chain needs is broken',
    retry: 'final',
    remedy: 'Fix the parent that the message names. A backup is only as good as its chain.',
  },
  cycle: {
    number: 'BackupSync.2012',
    summary: 'the chain leads back to itself',
    retry: 'final',
    remedy: 'The metadata was altered. Restore it from a copy of the bucket.',
  },
  object_missing: {
    number: 'BackupSync.2013',
    summary: 'an object that the metadata names is missing',
    retry: 'final',
    remedy: 'Restore the object from a copy of the bucket, or back up again.',
  },
  objects_disappeared: {
    number: 'BackupSync.2045',
    summary: 'objects that backups share are gone, and nothing shows whether one needs them',
    retry: 'final',
    remedy:
      'Run "restic check". If it reports nothing, only the leftover of an interrupted backup was pruned, and the problem ends with the next prune that writes the index. Otherwise restore the objects from a copy of the bucket, or back up again.',
  },
  object_stray: {
    number: 'BackupSync.2014',
    summary: 'an object that the metadata does not name breaks a restore',
    retry: 'final',
    remedy: 'Find out where the object comes from. If it is not part of the backup, move it away.',
  },
  object_size_impossible: {
    number: 'BackupSync.2015',
    summary: 'an object has an impossible size',
    retry: 'final',
    remedy: 'The object was truncated or replaced. Restore it from a copy of the bucket, or back up again.',
  },
  object_etag_mismatch: {
    number: 'BackupSync.2016',
    summary: 'an object does not have the content that the metadata records',
    retry: 'final',
    remedy: 'The object was replaced. Restore it from a copy of the bucket, or back up again.',
  },
  geometry: {
    number: 'BackupSync.2017',
    summary: 'offsets, lengths and block hashes do not fit together',
    retry: 'final',
    remedy: 'The metadata was altered or written wrongly. Restore it from a copy of the bucket, or back up again.',
  },
  hash_link_broken: {
    number: 'BackupSync.2018',
    summary: 'the stored blocks are not the blocks that changed since the parent',
    retry: 'final',
    remedy: 'A restore would give wrong data. Make a new full backup, and set this one aside.',
  },
  content_mismatch: {
    number: 'BackupSync.2019',
    summary: 'stored data does not match its hash in the metadata',
    retry: 'final',
    remedy:
      'Restore the object from a copy of the bucket, then verify the backup again ("backup-sync verify"). If there is no copy, back up again.',
  },
  expansion_mismatch: {
    number: 'BackupSync.2046',
    summary: 'the volume expands to other data than before, although the listing of its objects is unchanged',
    retry: 'final',
    remedy:
      'Restore the objects from a copy of the bucket, then run "backup-sync verify <backup> --level replay". If there is no copy, back up again.',
  },
  conflict: {
    number: 'BackupSync.2020',
    summary: 'another backup with this backup_id is recorded and proved available',
    retry: 'final',
    remedy:
      'Restore the old content and sync again; or delete the record and sync a list that names the backup; or use another backup_id.',
  },
  archived: {
    number: 'BackupSync.2021',
    summary: 'an object is in an archive class and cannot be read now',
    retry: 'final',
    remedy: 'Restore the object from the archive class, which backup-sync never does itself. Then sync again.',
  },
  encrypted_customer_key: {
    number: 'BackupSync.2022',
    summary: 'an object is encrypted with a customer key',
    retry: 'final',
    remedy:
      'Only presence can be proved, since the object cannot be read without its key. To prove more, copy the backup to a bucket with keys that the service manages.',
  },
  format_unknown: {
    number: 'BackupSync.2028',
    summary: 'the data at the image path has no known format, or one that is only recognised',
    retry: 'final',
    remedy:
      'Only presence can be proved. To prove more, store a chain manifest next to the data: see "backup-sync manifest create".',
  },
  not_a_volume: {
    number: 'BackupSync.2044',
    summary: 'no volume can be written from this backup',
    retry: 'final',
    remedy: 'Copy its objects from the bucket, and restore them with the program that wrote the backup.',
  },
  changed_while_read: {
    number: 'BackupSync.2023',
    summary: 'the backup changed while it was read',
    retry: 'self',
    remedy: 'Stop the program that writes to the backup. The server retries for a while; after that, sync again.',
  },
  listing_too_large: {
    number: 'BackupSync.2030',
    summary: 'the listing has more entries than can be compared at once',
    retry: 'final',
    remedy:
      'Find out what fills this place in the bucket. Move everything that is not a backup elsewhere, then sync again.',
  },
  no_backup_recognised: {
    number: 'BackupSync.2032',
    summary: 'the listing is complete, but no backup was recognised in it',
    retry: 'final',
    remedy:
      'Check the bucket and the prefix. For backups in an unknown format, give the path template of their image paths.',
  },
  cancelled: {
    number: 'BackupSync.2024',
    summary: 'the operation was cancelled',
    retry: 'later',
    remedy: 'Start it again if you still need it.',
  },
  deadline_exceeded: {
    number: 'BackupSync.2025',
    summary: 'the operation did not end in time',
    retry: 'later',
    remedy: 'Sync again. If this happens again, check how fast the storage unit answers.',
  },
  internal: {
    number: 'BackupSync.2026',
    summary: 'an internal fault of backup-sync stopped the operation',
    retry: 'later',
    remedy: 'Sync again. If this happens again, report it with the id of the operation.',
  },
  vanished: {
    number: 'BackupSync.2027',
    summary: 'the backup is no longer in its bucket',
    retry: 'final',
    remedy:
      'If it was deleted on purpose, delete the record. Otherwise put the backup back into the bucket: it is then recorded again.',
  },
} as const satisfies Record<string, ReasonDefinition>;

export type ReasonCode = keyof typeof reasons;
export const reasonCodes = Object.keys(reasons) as [ReasonCode, ...ReasonCode[]];
export const reasonCode = z.enum(reasonCodes).meta({
  id: 'ReasonCode',
  description: 'Code of a reason.',
});

export const reason = z
  .object({
    code: reasonCode,
    number: z.string().meta({ description: 'Permanent number of the code, e.g. BackupSync.2001.' }),
    message: z.string().meta({ description: 'What happened, with the place.' }),
    remedy: z.string().meta({ description: 'What to do about it.' }),
    retry: z.enum(reasonRetries).meta({
      description:
        'Who retries. final: nobody, fix the cause first. later: the caller, a later sync may succeed. ' +
        'self: the server; the operation fails with this reason only after the time for retries is over.',
    }),
  })
  .meta({ id: 'Reason', description: 'Why an item or an operation did not succeed.' });
export type Reason = z.infer<typeof reason>;

/** The detail of a reason, without the summary of its code: undoes {@link describeReason}. */
export function detailOf({ code, message }: Reason): string {
  return message.slice(`${reasons[code].summary}: `.length);
}

/** Builds the shown form of a reason from its code and the detail of this case, which may be empty. */
export function describeReason(code: ReasonCode, detail: string): Reason {
  const { number, summary, retry, remedy } = reasons[code];
  return { code, number, message: detail === '' ? summary : `${summary}: ${detail}`, remedy, retry };
}
