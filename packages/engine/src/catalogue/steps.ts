import type { Kysely } from 'kysely';
import {
  addAccessKey,
  disableAccessKey,
  listAccessKeys,
  listSealedSecrets,
  seekSigner,
} from './identity-steps/access-keys.ts';
import { addAuditIntent, appendAuditEvent, listAuditEvents, listAuditIntents } from './identity-steps/audit.ts';
import { addFirstAdministrator, begin, findOldestProject, hasUsers } from './identity-steps/begin.ts';
import { addGrant, listGrants, removeGrant } from './identity-steps/grants.ts';
import { addProject, findProject, listProjects } from './identity-steps/projects.ts';
import { assignRole, findRole, withdrawRole } from './identity-steps/roles.ts';
import { findToken, removeToken, saveToken } from './identity-steps/tokens.ts';
import {
  addUser,
  disableUser,
  enableUser,
  findUser,
  listUsers,
  removeUser,
  setPassword,
  showUser,
} from './identity-steps/users.ts';
import type { Schema } from './schema.ts';
import { accept } from './steps/accept.ts';
import { overdueWaits } from './steps/await-parent.ts';
import { countBacklog } from './steps/backlog.ts';
import { cancelImport, cancelledImports } from './steps/cancel-import.ts';
import { deleteBackup } from './steps/delete-backup.ts';
import { retryOfChain } from './steps/due-chains.ts';
import { endOverdueRuns } from './steps/end-run.ts';
import { listEvents, newestCursor } from './steps/events.ts';
import { findProofs, provedListing } from './steps/find-proofs.ts';
import { addFindings, listFindings } from './steps/findings.ts';
import { finishImport } from './steps/finish-import.ts';
import { followClock } from './steps/follow-clock.ts';
import { knownAtPlaces, knownByIds, knownChildren, recordedBelow } from './steps/known-backups.ts';
import { listBackups } from './steps/list-backups.ts';
import { listOperationLogs } from './steps/list-operation-logs.ts';
import { listOperations } from './steps/list-operations.ts';
import { listResources } from './steps/list-resources.ts';
import { locateBackup } from './steps/locate-backup.ts';
import { endOutage, endOverdueWaits, listOutages, saveOutage } from './steps/outages.ts';
import { ping, touch } from './steps/ping.ts';
import { projectBuckets } from './steps/project-buckets.ts';
import { isAnythingRunning, releaseUnfinished } from './steps/release-unfinished.ts';
import { renameBackup } from './steps/rename-backup.ts';
import { retireResource } from './steps/retire-resource.ts';
import { retryImport, retryOfTask, retryTask } from './steps/retries.ts';
import { sourceRunsOf } from './steps/run-imports.ts';
import { showBackup } from './steps/show-backup.ts';
import { showOperation } from './steps/show-operation.ts';
import {
  awaitImports,
  closeListing,
  dueMembers,
  hold,
  keepMembers,
  markVanished,
  noteSightings,
  release,
} from './steps/source-runs.ts';
import { startVerifications } from './steps/source-verifications.ts';
import {
  addSource,
  dueSources,
  heldMembers,
  listSourceErrors,
  listSources,
  nextRunAtMs,
  planSource,
  removeSource,
  showSource,
  startRun,
} from './steps/sources.ts';
import { startChain, startChildren } from './steps/start-chain.ts';
import {
  addTask,
  cancelTask,
  finishListing,
  finishTask,
  joinTask,
  releaseTasks,
  saveTaskProgress,
  showTask,
  startTask,
} from './steps/tasks.ts';
import { updateSource } from './steps/update-source.ts';
import { contentsOf, contentsOfRun, sourcesOfResources } from './steps/vaults.ts';
import { writeVerdict } from './steps/write-verdict.ts';

/** One atomic step: run in a transaction of the driver's, by a connection that may write or by one that only reads. */
type Step = {
  readonly access: 'read' | 'write';
  /** It takes longer the more is recorded. Long reads run on a thread of their own, so that short ones do not wait. */
  readonly isLong?: true;
  /** Events may be there after it. */
  readonly notesTransitions?: true;
  readonly run: (database: Kysely<Schema>, ...input: never[]) => Promise<unknown>;
};

/** Every step that the database is ever asked for. A step makes no transaction of its own: the driver does. */
export const steps = {
  accept: { access: 'write', notesTransitions: true, run: accept },
  startChain: { access: 'write', notesTransitions: true, run: startChain },
  startChildren: { access: 'write', notesTransitions: true, run: startChildren },
  finishImport: { access: 'write', notesTransitions: true, run: finishImport },
  retryImport: { access: 'write', notesTransitions: true, run: retryImport },
  retryOfChain: { access: 'read', run: retryOfChain },
  cancelImport: { access: 'write', notesTransitions: true, run: cancelImport },
  cancelledImports: { access: 'read', run: cancelledImports },
  endOverdueWaits: { access: 'write', notesTransitions: true, run: endOverdueWaits },
  countBacklog: { access: 'read', isLong: true, run: countBacklog },
  recordVerdict: { access: 'write', notesTransitions: true, run: writeVerdict },
  releaseUnfinished: { access: 'write', notesTransitions: true, run: releaseUnfinished },
  isAnythingRunning: { access: 'read', run: isAnythingRunning },
  followClock: { access: 'write', run: followClock },
  deleteBackup: { access: 'write', notesTransitions: true, run: deleteBackup },
  renameBackup: { access: 'write', run: renameBackup },
  showBackup: { access: 'read', run: showBackup },
  overdueWaits: { access: 'read', run: overdueWaits },
  locateBackup: { access: 'read', run: locateBackup },
  projectBuckets: { access: 'read', run: projectBuckets },
  listBackups: { access: 'read', isLong: true, run: listBackups },
  listResources: { access: 'read', isLong: true, run: listResources },
  retireResource: { access: 'write', run: retireResource },
  showOperation: { access: 'read', run: showOperation },
  listOperationLogs: { access: 'read', isLong: true, run: listOperationLogs },
  listOperations: { access: 'read', isLong: true, run: listOperations },
  newestCursor: { access: 'read', run: newestCursor },
  listEvents: { access: 'read', run: listEvents },
  findProofs: { access: 'read', run: findProofs },
  provedListing: { access: 'read', run: provedListing },
  ping: { access: 'read', run: ping },
  touch: { access: 'write', run: touch },
  addTask: { access: 'write', notesTransitions: true, run: addTask },
  joinTask: { access: 'write', notesTransitions: true, run: joinTask },
  startTask: { access: 'write', notesTransitions: true, run: startTask },
  retryTask: { access: 'write', notesTransitions: true, run: retryTask },
  retryOfTask: { access: 'read', run: retryOfTask },
  saveTaskProgress: { access: 'write', run: saveTaskProgress },
  addFindings: { access: 'write', run: addFindings },
  finishTask: { access: 'write', notesTransitions: true, run: finishTask },
  finishListing: { access: 'write', notesTransitions: true, run: finishListing },
  endOverdueRuns: { access: 'write', notesTransitions: true, run: endOverdueRuns },
  cancelTask: { access: 'write', notesTransitions: true, run: cancelTask },
  releaseTasks: { access: 'write', notesTransitions: true, run: releaseTasks },
  showTask: { access: 'read', run: showTask },
  listFindings: { access: 'read', isLong: true, run: listFindings },
  knownAtPlaces: { access: 'read', isLong: true, run: knownAtPlaces },
  recordedBelow: { access: 'read', isLong: true, run: recordedBelow },
  knownChildren: { access: 'read', isLong: true, run: knownChildren },
  knownByIds: { access: 'read', isLong: true, run: knownByIds },
  saveOutage: { access: 'write', run: saveOutage },
  endOutage: { access: 'write', run: endOutage },
  listOutages: { access: 'read', run: listOutages },
  addSource: { access: 'write', run: addSource },
  planSource: { access: 'write', run: planSource },
  updateSource: { access: 'write', notesTransitions: true, run: updateSource },
  removeSource: { access: 'write', notesTransitions: true, run: removeSource },
  startRun: { access: 'write', notesTransitions: true, run: startRun },
  noteSightings: { access: 'write', run: noteSightings },
  closeListing: { access: 'write', run: closeListing },
  hold: { access: 'write', run: hold },
  release: { access: 'write', run: release },
  markVanished: { access: 'write', run: markVanished },
  keepMembers: { access: 'write', run: keepMembers },
  awaitImports: { access: 'write', run: awaitImports },
  startVerifications: { access: 'write', run: startVerifications },
  listSources: { access: 'read', run: listSources },
  showSource: { access: 'read', run: showSource },
  dueSources: { access: 'read', run: dueSources },
  nextRunAtMs: { access: 'read', run: nextRunAtMs },
  dueMembers: { access: 'read', isLong: true, run: dueMembers },
  heldMembers: { access: 'read', isLong: true, run: heldMembers },
  listSourceErrors: { access: 'read', isLong: true, run: listSourceErrors },
  sourceRunsOf: { access: 'read', isLong: true, run: sourceRunsOf },
  contentsOf: { access: 'read', isLong: true, run: contentsOf },
  sourcesOfResources: { access: 'read', isLong: true, run: sourcesOfResources },
  contentsOfRun: { access: 'read', isLong: true, run: contentsOfRun },
  begin: { access: 'write', run: begin },
  findOldestProject: { access: 'read', run: findOldestProject },
  addFirstAdministrator: { access: 'write', run: addFirstAdministrator },
  hasUsers: { access: 'read', run: hasUsers },
  findUser: { access: 'read', run: findUser },
  findProject: { access: 'read', run: findProject },
  findRole: { access: 'read', run: findRole },
  saveToken: { access: 'write', run: saveToken },
  findToken: { access: 'read', run: findToken },
  removeToken: { access: 'write', run: removeToken },
  seekSigner: { access: 'read', run: seekSigner },
  listSealedSecrets: { access: 'read', run: listSealedSecrets },
  addUser: { access: 'write', run: addUser },
  listUsers: { access: 'read', run: listUsers },
  showUser: { access: 'read', run: showUser },
  disableUser: { access: 'write', run: disableUser },
  enableUser: { access: 'write', run: enableUser },
  setPassword: { access: 'write', run: setPassword },
  removeUser: { access: 'write', run: removeUser },
  assignRole: { access: 'write', run: assignRole },
  withdrawRole: { access: 'write', run: withdrawRole },
  addProject: { access: 'write', run: addProject },
  listProjects: { access: 'read', run: listProjects },
  addAccessKey: { access: 'write', run: addAccessKey },
  listAccessKeys: { access: 'read', run: listAccessKeys },
  disableAccessKey: { access: 'write', run: disableAccessKey },
  addGrant: { access: 'write', run: addGrant },
  removeGrant: { access: 'write', run: removeGrant },
  listGrants: { access: 'read', run: listGrants },
  addAuditIntent: { access: 'write', run: addAuditIntent },
  listAuditIntents: { access: 'read', run: listAuditIntents },
  appendAuditEvent: { access: 'write', run: appendAuditEvent },
  listAuditEvents: { access: 'read', isLong: true, run: listAuditEvents },
} as const satisfies Record<string, Step>;

export type StepName = keyof typeof steps;

type Run<Name extends StepName> = (typeof steps)[Name]['run'];

/** What a step takes beside the database. */
export type StepInput<Name extends StepName> =
  Parameters<Run<Name>> extends [Kysely<Schema>, ...infer Input] ? Input : never;

/** What a step answers. */
export type StepOutput<Name extends StepName> = Awaited<ReturnType<Run<Name>>>;
