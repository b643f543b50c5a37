import type { NewOperation } from '../operation-records.ts';
import type { SourceVerification } from '../source-records.ts';
import { dueOperation } from '../steps/add-operation.ts';
import { sourceRunsOf } from '../steps/run-imports.ts';
import {
  awaitImports,
  closeListing,
  dueMembers,
  hold,
  keepMembers,
  markVanished,
  noteSightings,
  release,
} from '../steps/source-runs.ts';
import { runsToVerify, startVerifications } from '../steps/source-verifications.ts';
import { heldMembers, listSourceErrors, startRun } from '../steps/sources.ts';
import { contentsOfRun } from '../steps/vaults.ts';
import { auditedStep, type Step } from './step.ts';

/** The runs of sources and what they have seen. */
export const sourceRunSteps = {
  /**
   * Adds the operation of a run and plans the next one. If the newest run is still listing, it adds nothing and returns
   * the id of that run; runs that wait for their imports do not block a new one. Returns null if there is no such
   * source.
   */
  startRun: {
    locks: ['source'],
    ...auditedStep(startRun, {
      // A run under way cannot confirm removals for this call, so joining it is not what the call wanted.
      isDone: (started, [{ confirmsRemovals }]) => started !== null && (started.isNew || !confirmsRemovals),
      // CBR's form of the call names only the vault.
      made: (started, _, operation) =>
        started === null || operation === 'syncCheckpoint'
          ? []
          : [{ field: 'operation_id', value: started.operationId }],
    }),
    notesTransitions: true,
    due: (
      started: { readonly isNew: boolean } | null,
      [{ operation }]: readonly [{ readonly operation: NewOperation }],
    ) => (started?.isNew ? [dueOperation(operation, 'mass')] : []),
  },
  /**
   * Records what a run has seen below the prefix of the source, and resets the absences counted before. Records without
   * a source become this one's. Returns false if the source is gone.
   */
  noteSightings: { access: 'write', locks: ['source', 'backup', 'resource'], run: noteSightings },
  /**
   * Counts an absence for each member that the run has not seen, and returns how many there are. A second call for the
   * same run counts nothing again. Unseen members that are no longer recorded at their place are dropped. So are all
   * members in folders with these names, which the listing skipped.
   */
  closeListing: { access: 'write', locks: ['backup', 'resource'], run: closeListing },
  /** Holds the source: the members absent from this run become the list to confirm. */
  hold: { access: 'write', locks: ['source'], run: hold },
  /** Ends the hold of a source, and empties its list to confirm. */
  release: { access: 'write', locks: ['source'], run: release },
  /**
   * Marks records vanished, and returns how many. Records stay unchanged if they are marked already, were written since
   * `unchangedSinceMs`, are at another place by now, or have an unfinished operation.
   */
  markVanished: { access: 'write', locks: ['source', 'backup', 'resource'], run: markVanished },
  /** Resets the absences of the members at these image paths, and takes them off the list to confirm. */
  keepMembers: { access: 'write', locks: ['source'], run: keepMembers },
  /**
   * Records that a run has seen everything. When the run ends and no import failed for a passing reason, "last good
   * sync" moves to the start of the run.
   */
  awaitImports: { access: 'write', locks: ['source'], run: awaitImports },
  /**
   * Adds verifications of members of a source that wants a level which reads data, as children of its newest run.
   * Members qualify if they are available and not proved to that level, or were proved too long ago. The newest come
   * first. A backup is tried once per run.
   *
   * The source never has more unfinished verifications than `ids`, which are used in order. Adds none unless `runId` is
   * a run of a source that still exists.
   */
  startVerifications: {
    access: 'write',
    locks: ['source'],
    notesTransitions: true,
    due: (started: readonly SourceVerification[]) =>
      started.map(({ operation }) => ({ kind: 'operation', operation, lane: 'mass', notBeforeMs: null }) as const),
    run: startVerifications,
  },
  /**
   * Returns the newest run of each source that wants a level which reads data, once that run has listed everything or
   * has ended.
   */
  runsToVerify: { access: 'read', run: runsToVerify },
  /** Returns a page, by image path, of the members absent from this run and the complete run before it. */
  dueMembers: { access: 'read', isLong: true, run: dueMembers },
  /** Returns the first members that wait to be confirmed as removed, and how many there are. */
  heldMembers: { access: 'read', isLong: true, run: heldMembers },
  /** Returns the backups in error in the newest run that listed everything, by image path. */
  listSourceErrors: { access: 'read', isLong: true, run: listSourceErrors },
  /**
   * Returns, for each of these operations, the run of a source that it belongs to; operations without one are left out.
   */
  sourceRunsOf: { access: 'read', isLong: true, run: sourceRunsOf },
  /** Returns what a run has imported and what it could not import, at most `resourcesMax` resources of each. */
  contentsOfRun: { access: 'read', isLong: true, run: contentsOfRun },
} as const satisfies Record<string, Step>;
