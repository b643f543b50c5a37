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

/** What the runs of sources have seen. */
export const sourceRunSteps = {
  /**
   * Adds the operation of a run and plans the next, unless the newest run has not listed everything yet: then it answers
   * that one's id. Runs that wait for their imports hold up no other. Null if there is no such source.
   */
  startRun: {
    ...auditedStep(startRun, {
      // A run that is to confirm removals is not done by another that was under way.
      isDone: (started, [{ confirmsRemovals }]) => started !== null && (started.isNew || !confirmsRemovals),
      // CBR's form of the call names the vault alone.
      made: (started, _, operation) =>
        started === null || operation === 'syncCheckpoint'
          ? []
          : [{ field: 'operation_id', value: started.operationId }],
    }),
    notesTransitions: true,
  },
  /**
   * Records what a run has seen below the prefix of the source; an absence counted before is forgotten. Records without
   * a source become this one's. False if the source is gone.
   */
  noteSightings: { access: 'write', run: noteSightings },
  /**
   * Counts an absence for each member that the run has not seen, once however often it is called for a run, and tells
   * how many there are. Members that are no longer recorded at their place are dropped, and so are those in folders of
   * these names, which the listing has passed over.
   */
  closeListing: { access: 'write', run: closeListing },
  /** Makes removals wait: those absent from this run become the list to confirm. */
  hold: { access: 'write', run: hold },
  /** Ends the wait of removals. */
  release: { access: 'write', run: release },
  /**
   * Marks records as gone, but for those that were written since `unchangedSinceMs`, lie elsewhere by now or are being
   * brought in. Answers how many were marked.
   */
  markVanished: { access: 'write', run: markVanished },
  /** Forgets the absences of the members at these image paths. */
  keepMembers: { access: 'write', run: keepMembers },
  /**
   * Notes that a run saw everything. When the run ends and no import failed for a passing reason, "last good sync"
   * moves to the beginning of the run.
   */
  awaitImports: { access: 'write', run: awaitImports },
  /**
   * Adds verifications, as children of the newest run, where the source wants a level that reads data: of members that
   * are available and not proved to it, or too long ago, newest first. Of the source there are never more unfinished
   * than `ids`, which are used in order. A backup is tried once a run. None where `runId` is no run of a source that is
   * still there.
   */
  startVerifications: { access: 'write', run: startVerifications },
  /** The newest runs, if they are not listing, of sources that want a level which reads data. */
  runsToVerify: { access: 'read', run: runsToVerify },
  /** Pages by image path through those absent twice, as of this run. */
  dueMembers: { access: 'read', isLong: true, run: dueMembers },
  /** The first of the members that wait to be confirmed as removed, and how many there are. */
  heldMembers: { access: 'read', isLong: true, run: heldMembers },
  /** What is in error as of the newest run that listed everything, by image path. */
  listSourceErrors: { access: 'read', isLong: true, run: listSourceErrors },
  /** The runs of sources among these operations; it leaves out those that belong to no run of a source. */
  sourceRunsOf: { access: 'read', isLong: true, run: sourceRunsOf },
  /** What a run has imported, and what it could not. Of the resources it answers `resourcesMax` at most. */
  contentsOfRun: { access: 'read', isLong: true, run: contentsOfRun },
} as const satisfies Record<string, Step>;
