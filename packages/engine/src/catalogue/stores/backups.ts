import type { DueWork } from '../operation-records.ts';
import { deleteBackup } from '../steps/delete-backup.ts';
import { findProofs, provedListing } from '../steps/find-proofs.ts';
import { knownAtPlaces, knownByIds, knownChildren, recordedBelow } from '../steps/known-backups.ts';
import { listBackups } from '../steps/list-backups.ts';
import { listResources } from '../steps/list-resources.ts';
import { listVerifications } from '../steps/list-verifications.ts';
import { countStandings, listWorstResources } from '../steps/list-worst-resources.ts';
import { locateBackups } from '../steps/locate-backups.ts';
import { projectBuckets } from '../steps/project-buckets.ts';
import { recentBackups } from '../steps/recent-backups.ts';
import { renameBackup } from '../steps/rename-backup.ts';
import { retireResource } from '../steps/retire-resource.ts';
import { showBackup, showBackups } from '../steps/show-backup.ts';
import { writeVerdict } from '../steps/write-verdict.ts';
import { auditedStep, type Step } from './step.ts';

/** The records of backups and their proofs. */
export const backupSteps = {
  /** Returns the record of a backup; null if there is none or it was forgotten. */
  showBackup: { access: 'read', run: showBackup },
  /** Returns the records of these backups in no particular order, without those that were forgotten. */
  showBackups: { access: 'read', run: showBackups },
  /**
   * Returns the same as `showBackup` for a caller that is about to read the backup's volume. It changes nothing, but
   * the audit gets the event of the call.
   */
  beginExtraction: auditedStep(showBackup, { isDone: (record) => record !== null }),
  /**
   * Returns a page of the records of a project, sorted as requested, then by id. Forgotten records are left out.
   *
   * With a marker, the page starts after it and `offset` is ignored; `count` still covers the whole filter. Returns
   * `marker_not_found` if the marker is not a record of the project.
   */
  listBackups: { access: 'read', isLong: true, run: listBackups },
  /** Returns the places where these backups are known to be, for each of them in the given order. */
  locateBackups: { access: 'read', run: locateBackups },
  /**
   * Returns the buckets of a storage unit that a grant, source, record or unfinished operation of the project names,
   * sorted by name.
   */
  projectBuckets: { access: 'read', run: projectBuckets },
  /**
   * Marks the record forgotten, and writes and returns an ended operation of kind `delete`. Otherwise changes nothing.
   * Returns `busy` with the operation's id if an import of the backup is in flight, `not_found` if there is no record
   * or it was forgotten already.
   */
  deleteBackup: {
    locks: ['backup', 'resource'],
    ...auditedStep(deleteBackup, { isDone: ({ result }) => result === 'deleted' }),
    notesTransitions: true,
  },
  /**
   * Sets the name of a record to one chosen by a person, and keeps the name from its sync requests. Returns null if
   * there is no record or it was forgotten.
   */
  renameBackup: {
    ...auditedStep(renameBackup, { isDone: (record) => record !== null }),
    locks: ['backup', 'resource'],
  },
  /**
   * Writes a record and proofs as `finishImport` does, for an operation that ends separately, and returns the chains to
   * be worked on. Writes nothing and returns null if the record's revision is no longer `decidedOnRevision`.
   */
  recordVerdict: {
    access: 'write',
    locks: ['backup', 'resource'],
    notesTransitions: true,
    due: (chains: readonly DueWork[] | null) => chains ?? [],
    run: writeVerdict,
  },
  /** Returns the newest proof of each of these backups; a backup without proofs is left out. */
  findProofs: { access: 'read', run: findProofs },
  /**
   * Returns the digest of the listing on which the backup at this place was last proved to `inventory` or above without
   * a fault; null if it never was.
   */
  provedListing: { access: 'read', run: provedListing },
  /** Returns the records at these places, forgotten ones included, in no particular order. */
  knownAtPlaces: { access: 'read', isLong: true, run: knownAtPlaces },
  /**
   * Returns a page of the records below a prefix and after an image path, in the order of the UTF-8 bytes of their
   * image paths. Forgotten records are left out. A page ends with the last backup of a path, so it may have more or
   * fewer rows than `limit`.
   */
  recordedBelow: { access: 'read', isLong: true, run: recordedBelow },
  /**
   * Returns the records of the backups that build on these directly, in no particular order. Forgotten records are left
   * out.
   */
  knownChildren: { access: 'read', isLong: true, run: knownChildren },
  /** Returns the records with these ids, forgotten ones included, in no particular order. */
  knownByIds: { access: 'read', isLong: true, run: knownByIds },
  /**
   * Returns a page, by id, of the resources of a project, or only of those that a source has seen. Each has its newest
   * backup proved to `level` or above. It reads one row for each resource, however many backups there are.
   */
  listResources: { access: 'read', isLong: true, run: listResources },
  /**
   * Returns the same with the worst first: those without a proved backup, then the one whose newest proved backup is the
   * oldest, and retired ones last. `next` marks a place in this order, not a resource, so that those that stay where
   * they are are neither left out nor repeated if others move between pages. Returns `marker_not_found` if the marker is
   * not one of these.
   *
   * It reads the rows of the page, those of retired resources in between and, with a standing, an entry of an index for
   * each resource of this standing.
   */
  listWorstResources: { access: 'read', isLong: true, run: listWorstResources },
  /** Counts resources by standing. It reads an entry of an index for each that is not good. */
  countStandings: { access: 'read', isLong: true, run: countStandings },
  /**
   * Returns the recent backups of these resources, in the same order. It makes as many queries for a page as for one
   * resource.
   */
  recentBackups: { access: 'read', isLong: true, run: recentBackups },
  /**
   * Returns a page of the proofs of a backup, newest first; of proofs made at the same time, those recorded last first.
   * Returns `marker_not_found` if the marker is not a proof of the backup.
   */
  listVerifications: { access: 'read', isLong: true, run: listVerifications },
  /**
   * Retires a resource: records since when no newer backup of it is expected. A second call keeps the first time. Null
   * ends the retirement. So does the record of a backup that was made later than all those recorded at that time.
   * Returns false if the project has no backup of the resource.
   */
  retireResource: { ...auditedStep(retireResource, { isDone: (isKnown) => isKnown }), locks: ['resource'] },
} as const satisfies Record<string, Step>;
