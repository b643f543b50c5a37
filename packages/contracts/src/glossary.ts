/**
 * The words of this project, each with its one meaning: sentences with a capital and a full stop, in Markdown. The
 * documentation has them as a page.
 */
export const glossary = {
  'access key':
    'A key that signs requests as one user in one project, with the role of the user there. Its secret is shown only once.',
  backup:
    'One state of a resource at one time, stored in a bucket by a backup program. A `backup_id` names it within a project.',
  brake:
    'The rule that stops a run from marking too many records as vanished at once. The source is then held until someone confirms, or until the backups are back.',
  bucket: 'A named set of objects in a storage unit. In a directory, each subdirectory is a bucket.',
  call: 'One request of the API. A query reads, a mutation changes something, and a stream keeps sending events.',
  catalogue: 'The database of records and operations. People restore from what it lists.',
  ceiling: 'The highest level to which a backup of its format and form can be proved.',
  chain:
    'A backup with all the backups that it builds on, back to its full backup. A backup is usable only if its whole chain is.',
  'commit mark':
    'The object that a backup program writes last. A backup without it is still being written, was abandoned, or was partly deleted.',
  conflict: 'A sync found other content under the id of a backup that is proved. The other content is not recorded.',
  'data directory':
    'The directory with the catalogue of a server or of local commands. One process at a time can write to it. Several nodes use a database instead.',
  error: 'Why a call was refused or failed: a code, a permanent number, and a remedy.',
  evidence: 'What a proof read and found, kept in the record as digests, so that unchanged backups need no new proof.',
  extraction: 'Writing the volume of a backup to a file or to standard output. Every block is checked first.',
  finding: 'A backup that a scan found, with its state: new, changed, known, moved and so on.',
  format: 'The layout in which a backup program stores its backups, such as `cinder` or `longhorn`.',
  'full backup': 'A backup that needs no other backup. Each chain begins with one.',
  gap: 'What cannot be seen of a backup, because of its format or form, although its level may be higher.',
  grant: 'The permission of a project to use a bucket, or a folder of one.',
  hook: 'An address that is notified of problems of a project when they begin and when they are over, as webhooks.',
  'image path': 'The path of a backup in its bucket.',
  import: 'Recording one backup: examining it, proving its chain, and writing the result to the catalogue.',
  interface: 'REST, tRPC or the command line. A call does the same through each.',
  lease:
    'The right of one node to work on an operation. It ends when the node has no heartbeat for 15 seconds; after that, its results are ignored.',
  level:
    'How far a backup is proved: `presence`, `metadata`, `inventory`, `linkage`, `content` or `replay`. Each level includes those before it. The level of a chain is the lowest among its links.',
  link: 'One backup in a chain.',
  manifest: 'A small open document that describes backups of any program, so that their chains can be proved.',
  node: 'One of the processes that share a catalogue in PostgreSQL. An API node answers calls, a worker does the work; one process can do both.',
  operation:
    'Work that is tracked: an import, a deletion, a scan, a plan, a verification, or a run of a source. It has a status, a result and, if it failed, a reason.',
  'operation log': 'How the CBR API shows an import, a deletion or a run of a source.',
  parent:
    'The backup that an incremental backup builds on. Its ancestors are the parent, the parent of that, and so on.',
  plan: 'What a sync would do with each backup, why, and what it would cost. Making a plan changes no record.',
  project: 'The owner of records, operations, sources and grants. Users have roles in projects.',
  proof: 'The check that a chain is whole, up to a level.',
  reason: 'Why an item or an operation did not succeed: a code, a permanent number, who retries, and a remedy.',
  record: 'The entry of a backup in the catalogue.',
  resource: 'What is backed up: a volume or a server.',
  role: 'What a user may do in a project: reader, operator or administrator. Each includes the ones before it.',
  run: 'One scan of a source, with the imports and verifications that follow from it. CBR calls it a checkpoint.',
  scan: 'Listing a bucket to find the backups in it.',
  source: 'A bucket, or a prefix of one, that the server scans repeatedly. CBR calls it a vault.',
  'storage unit': 'The service or directory that has the buckets, such as an S3 endpoint.',
  sync: 'Importing a list of backups into the catalogue, as CBR’s *Synchronizing a Backup* does.',
  vanished: 'The reason of a record in error whose backup is no longer in its bucket.',
  verification: 'Reading the stored data of a backup and its chain, to prove it to `content` or `replay`.',
} as const;
