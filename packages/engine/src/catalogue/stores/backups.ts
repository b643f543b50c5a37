import { deleteBackup } from '../steps/delete-backup.ts';
import { findProofs, provedListing } from '../steps/find-proofs.ts';
import { knownAtPlaces, knownByIds, knownChildren, recordedBelow } from '../steps/known-backups.ts';
import { listBackups } from '../steps/list-backups.ts';
import { listResources } from '../steps/list-resources.ts';
import { locateBackup } from '../steps/locate-backup.ts';
import { projectBuckets } from '../steps/project-buckets.ts';
import { renameBackup } from '../steps/rename-backup.ts';
import { retireResource } from '../steps/retire-resource.ts';
import { showBackup } from '../steps/show-backup.ts';
import { writeVerdict } from '../steps/write-verdict.ts';
import { auditedStep, type Step } from './step.ts';

/** What is recorded of backups. */
export const backupSteps = {
  /** The record of a backup; null where there is none, or a forgotten one. */
  showBackup: { access: 'read', run: showBackup },
  /** The same for a caller who is about to read the backup's volume: it changes nothing, and leaves its event. */
  beginExtraction: auditedStep(showBackup, { isDone: (record) => record !== null }),
  /**
   * A page of the records of a project, without forgotten ones, sorted as asked, then by id. A marker that is no record
   * of the project is `marker_not_found`. With a marker, rows start behind it, `offset` is ignored, and `count` is
   * still of the whole filter.
   */
  listBackups: { access: 'read', isLong: true, run: listBackups },
  /**
   * Where a backup is known to be: its record's place first, then the places that unfinished imports of it name, oldest
   * first. `revision` is the record's; null: there is none (or a forgotten one).
   */
  locateBackup: { access: 'read', run: locateBackup },
  /**
   * The buckets of a storage unit that grants, sources, records or unfinished operations of the project name, by name.
   */
  projectBuckets: { access: 'read', run: projectBuckets },
  /**
   * Marks the record forgotten, and writes and answers the ended operation of kind `delete`. `busy` with the operation's
   * id if an import of it is in flight; `not_found` if there is no record, or a forgotten one.
   */
  deleteBackup: {
    ...auditedStep(deleteBackup, { isDone: ({ result }) => result === 'deleted' }),
    notesTransitions: true,
  },
  /**
   * Gives a record the name that a person wants, and keeps the name of its sync requests. Null where there is no
   * record, or a forgotten one.
   */
  renameBackup: auditedStep(renameBackup, { isDone: (record) => record !== null }),
  /**
   * Writes record and proofs as the end of an import does, for an operation that ends by itself, and returns the chains
   * to be worked on; null where the record's revision is no longer `decidedOnRevision`.
   */
  recordVerdict: { access: 'write', notesTransitions: true, run: writeVerdict },
  /** The newest proof of each of these backups that has one. */
  findProofs: { access: 'read', run: findProofs },
  /**
   * The digest of the listing on which the backup at this place was last proved to `inventory` at least without a
   * fault; null if it never was.
   */
  provedListing: { access: 'read', run: provedListing },
  /** What is recorded at these places, in no particular order. */
  knownAtPlaces: { access: 'read', isLong: true, run: knownAtPlaces },
  /**
   * A page of what is recorded and not forgotten below a prefix of image paths and behind one of them, ordered by the
   * UTF-8 bytes of the image path. A page ends with the last backup of a path, so `limit` rows are a rule of thumb.
   */
  recordedBelow: { access: 'read', isLong: true, run: recordedBelow },
  /** What is recorded of the backups that build on these directly, in no particular order. */
  knownChildren: { access: 'read', isLong: true, run: knownChildren },
  /** What is recorded under these ids, in no particular order. */
  knownByIds: { access: 'read', isLong: true, run: knownByIds },
  /**
   * Pages by id through the resources of a project, or of what a source has seen, each with its newest backup proved to
   * at least `level`. It reads one row for each resource, however many backups there are.
   */
  listResources: { access: 'read', isLong: true, run: listResources },
  /**
   * Notes that no newer backup of a resource is expected, and since when; a second call changes nothing. Null ends
   * that, as does a record of a backup that was made later than all that were recorded. Answers false if the project
   * has no backup of it.
   */
  retireResource: auditedStep(retireResource, { isDone: (isKnown) => isKnown }),
} as const satisfies Record<string, Step>;
