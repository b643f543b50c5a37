import { z } from 'zod';

/**
 * Who tries again after a failure:
 * - `final`: nobody; someone must fix the cause first;
 * - `later`: the caller; the operation has ended, and a later sync may succeed;
 * - `self`: the server, until it succeeds or the time for retries is over.
 */
export const reasonRetries = ['final', 'later', 'self'] as const;
export type ReasonRetry = (typeof reasonRetries)[number];

/** What is known of a reason: a permanent number, whether to try again, and what to do. */
type ReasonDefinition = {
  /** Permanent: never reused, never changed. */
  readonly number: `BackupSync.${number}`;
  /** What happened, one sentence's beginning without a full stop. */
  readonly summary: string;
  /** Who tries again; see {@link reasonRetries}. */
  readonly retry: ReasonRetry;
  readonly remedy: string;
};

/** Why an item of a sync did not end well: the closed list. */
export const reasons = {
  path_not_found: {
    number: 'BackupSync.2001',
    summary: 'nothing lies at the image path',
    retry: 'final',
    remedy: 'Check bucket_name and image_path against the bucket, then sync again.',
  },
  path_not_a_backup: {
    number: 'BackupSync.2031',
    summary: 'the image path is not that of a backup',
    retry: 'final',
    remedy: 'Sync the image path that the message names. A scan of the bucket lists all of them.',
  },
  bucket_not_found: {
    number: 'BackupSync.2002',
    summary: 'the bucket does not exist',
    retry: 'final',
    remedy: 'Check bucket_name, and that the storage unit is the one that holds it.',
  },
  access_denied: {
    number: 'BackupSync.2003',
    summary: 'the storage unit refused to let the backup be read',
    retry: 'final',
    remedy:
      'Give the credentials the right to list the bucket and to read its objects, or the project a grant of it ("backup-sync buckets grant"), then sync again.',
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
    summary: 'the storage unit asked for fewer requests',
    retry: 'self',
    remedy: 'Lower the number of requests made to this bucket. The server retries for a while; after that, sync again.',
  },
  storage_wrong_region: {
    number: 'BackupSync.2033',
    summary: 'the storage unit expects requests for another region',
    retry: 'final',
    remedy: 'Set AWS_REGION to the region that the message names, restart the server if one runs, then sync again.',
  },
  storage_redirected: {
    number: 'BackupSync.2034',
    summary: 'the storage unit has this bucket at another address',
    retry: 'final',
    remedy:
      'Give the address that the message names as --storage (BACKUP_SYNC_STORAGE), with --storage-moved once, and its region as AWS_REGION; then sync again.',
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
    summary: 'the storage unit does not accept the signature',
    retry: 'final',
    remedy:
      'Check AWS_SECRET_ACCESS_KEY (or the profile), then AWS_REGION. If both are right, a proxy before the storage unit may change the host or path of requests.',
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
    summary: 'the storage unit wants the bucket in the host name',
    retry: 'final',
    remedy: 'Set --addressing-style virtual (BACKUP_SYNC_ADDRESSING_STYLE=virtual), then sync again.',
  },
  storage_not_implemented: {
    number: 'BackupSync.2040',
    summary: 'the storage unit does not offer a request that is needed',
    retry: 'final',
    remedy:
      'Check that --storage names an S3 endpoint. It must offer ListObjectsV2 or ListObjects, GetObject and HeadObject.',
  },
  storage_clock_skewed: {
    number: 'BackupSync.2041',
    summary: 'the clock of this machine differs too much from that of the storage unit',
    retry: 'later',
    remedy: 'Set the clock of the machine that runs backup-sync (for example by NTP), then sync again.',
  },
  storage_request_refused: {
    number: 'BackupSync.2042',
    summary: 'the storage unit refused a request',
    retry: 'final',
    remedy:
      'See what the service or proxy says in the message. Check --storage, AWS_REGION, --addressing-style, the proxy (HTTPS_PROXY, NO_PROXY), and that the service accepts signatures of version 4; then sync again.',
  },
  storage_certificate_refused: {
    number: 'BackupSync.2043',
    summary: 'the certificate of the storage unit is not trusted here',
    retry: 'final',
    remedy:
      'Check the address in --storage. If a private authority signed the certificate, name its PEM file in AWS_CA_BUNDLE or NODE_EXTRA_CA_CERTS and restart the server; then sync again.',
  },
  incomplete: {
    number: 'BackupSync.2006',
    summary: 'the backup is still being written, or was abandoned',
    retry: 'later',
    remedy: 'Sync again when the writer has finished. If it has given up, delete the remains and back up anew.',
  },
  metadata_unreadable: {
    number: 'BackupSync.2007',
    summary: 'the metadata cannot be read',
    retry: 'final',
    remedy: 'Restore the metadata object from a copy of the bucket, or back up anew.',
  },
  version_unsupported: {
    number: 'BackupSync.2008',
    summary: 'the metadata has a version that is not known here',
    retry: 'final',
    remedy: 'Use a release that knows this version of the format.',
  },
  identity_mismatch: {
    number: 'BackupSync.2009',
    summary: 'the metadata belongs to another backup or resource than the request says',
    retry: 'final',
    remedy: 'Check backup_id, resource_id and image_path of the request against the metadata.',
  },
  parent_missing: {
    number: 'BackupSync.2010',
    summary: 'a parent that the chain needs is not found',
    retry: 'final',
    remedy: 'Bring the missing parent back into its bucket; without it this backup cannot be restored.',
  },
  parent_ambiguous: {
    number: 'BackupSync.2029',
    summary: 'more than one backup may be the parent, and they differ',
    retry: 'final',
    remedy:
      'Sync the one that is the parent first, so that the catalogue knows it, or move the other away; then sync again.',
  },
  parent_broken: {
    number: 'BackupSync.2011',
    summary: 'a parent that the chain needs is broken',
    retry: 'final',
    remedy: 'See to the parent named here; this backup is as good as its chain.',
  },
  cycle: {
    number: 'BackupSync.2012',
    summary: 'the chain leads back to itself',
    retry: 'final',
    remedy: 'The metadata was altered: restore it from a copy of the bucket.',
  },
  object_missing: {
    number: 'BackupSync.2013',
    summary: 'an object that the metadata names is missing',
    retry: 'final',
    remedy: 'Restore the object from a copy of the bucket, or back up anew.',
  },
  object_stray: {
    number: 'BackupSync.2014',
    summary: 'an object lies there that the metadata does not name, which breaks a restore',
    retry: 'final',
    remedy: 'Find out where the object comes from, and move it away if it is not part of the backup.',
  },
  object_size_impossible: {
    number: 'BackupSync.2015',
    summary: 'an object has a size that it cannot have',
    retry: 'final',
    remedy: 'The object was cut or replaced: restore it from a copy of the bucket, or back up anew.',
  },
  object_etag_mismatch: {
    number: 'BackupSync.2016',
    summary: 'an object does not have the content that the metadata says',
    retry: 'final',
    remedy: 'The object was replaced: restore it from a copy of the bucket, or back up anew.',
  },
  geometry: {
    number: 'BackupSync.2017',
    summary: 'offsets, lengths and block hashes do not fit together',
    retry: 'final',
    remedy: 'The metadata was altered or written wrongly: restore it from a copy of the bucket, or back up anew.',
  },
  hash_link_broken: {
    number: 'BackupSync.2018',
    summary: 'the blocks stored are not the blocks that changed since the parent',
    retry: 'final',
    remedy: 'A restore would give wrong data: make a new full backup, and keep this one aside.',
  },
  content_mismatch: {
    number: 'BackupSync.2019',
    summary: 'stored data does not hash as the metadata says',
    retry: 'final',
    remedy: 'Restore the object from a copy of the bucket, or back up anew.',
  },
  conflict: {
    number: 'BackupSync.2020',
    summary: 'another backup with this backup_id is recorded and proved available',
    retry: 'final',
    remedy: 'Nothing was overwritten. Use another backup_id, or delete the recorded backup first.',
  },
  archived: {
    number: 'BackupSync.2021',
    summary: 'an object lies in an archive class and cannot be read now',
    retry: 'final',
    remedy: 'Restore the object from the archive class, then sync again. Nothing is thawed unasked.',
  },
  encrypted_customer_key: {
    number: 'BackupSync.2022',
    summary: 'an object is encrypted with a key of the customer',
    retry: 'final',
    remedy: 'The key is needed to read it; without it only presence can be said.',
  },
  format_unknown: {
    number: 'BackupSync.2028',
    summary: 'what lies at the image path is of no format that is known',
    retry: 'final',
    remedy:
      'Only presence can be proved of it. A chain manifest beside the data makes more possible: see manifest create.',
  },
  changed_while_read: {
    number: 'BackupSync.2023',
    summary: 'the backup changed while it was read',
    retry: 'self',
    remedy: 'Stop what writes to the backup. The server retries for a while; after that, sync again.',
  },
  listing_too_large: {
    number: 'BackupSync.2030',
    summary: 'more lies there than can be held against each other at a time',
    retry: 'final',
    remedy: 'See what fills this place in the bucket: move away what is no backup, then sync again.',
  },
  no_backup_recognised: {
    number: 'BackupSync.2032',
    summary: 'the listing is complete, and no backup was recognised in it',
    retry: 'final',
    remedy:
      'Check the bucket and the prefix. For backups in a format that is not known, give the path template of their image paths.',
  },
  cancelled: {
    number: 'BackupSync.2024',
    summary: 'the operation was cancelled',
    retry: 'later',
    remedy: 'Start it again when wanted.',
  },
  deadline_exceeded: {
    number: 'BackupSync.2025',
    summary: 'the operation did not end within its time',
    retry: 'later',
    remedy: 'Sync again; if it happens again, see how fast the storage unit answers.',
  },
  internal: {
    number: 'BackupSync.2026',
    summary: 'a fault of this program stopped the import',
    retry: 'later',
    remedy: 'Sync again; if it happens again, report it with the id of the operation log.',
  },
  vanished: {
    number: 'BackupSync.2027',
    summary: 'the backup is no longer in its bucket',
    retry: 'final',
    remedy: 'If it was deleted on purpose, delete the record. Otherwise bring the backup back: it is recorded again.',
  },
} as const satisfies Record<string, ReasonDefinition>;

export type ReasonCode = keyof typeof reasons;
export const reasonCodes = Object.keys(reasons) as [ReasonCode, ...ReasonCode[]];
export const reasonCode = z.enum(reasonCodes).meta({ id: 'ReasonCode' });

/** A reason as it is shown: the code with all that is known of it, and what was seen here. */
export const reason = z
  .object({
    code: reasonCode,
    number: z.string(),
    message: z.string().meta({ description: 'What happened, with the place.' }),
    remedy: z.string().meta({ description: 'What to do about it.' }),
    retry: z.enum(reasonRetries).meta({
      description:
        'Who tries again. final: nobody, fix the cause first. later: the caller, a later sync may succeed. ' +
        'self: the server; the operation fails with this reason only after the time for retries is over.',
    }),
  })
  .meta({ id: 'Reason' });
export type Reason = z.infer<typeof reason>;

/** What was seen, without what its code says: undoes {@link describeReason}. */
export function detailOf({ code, message }: Reason): string {
  return message.slice(`${reasons[code].summary}: `.length);
}

/** Puts a code and what was seen into the form that is shown. */
export function describeReason(code: ReasonCode, detail: string): Reason {
  const { number, summary, retry, remedy } = reasons[code];
  return { code, number, message: detail === '' ? summary : `${summary}: ${detail}`, remedy, retry };
}
