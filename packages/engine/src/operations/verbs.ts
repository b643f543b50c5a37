import type { CallHandlers, Streams } from '../engine.ts';
import { createAccessKey, disableAccessKey } from './access-keys/change-access-key.ts';
import { listAccessKeys } from './access-keys/list-access-keys.ts';
import { listAuditEvents } from './audit/list-audit-events.ts';
import { beginExtraction } from './backups/begin-extraction.ts';
import { deleteBackup } from './backups/delete-backup.ts';
import { importBackups } from './backups/import-backups.ts';
import { listBackups } from './backups/list-backups.ts';
import { showBackup } from './backups/show-backup.ts';
import { syncBackups } from './backups/sync-backups.ts';
import { updateBackup } from './backups/update-backup.ts';
import { grantBucket, revokeBucket } from './bucket-grants/change-grant.ts';
import { listBucketGrants } from './bucket-grants/list-bucket-grants.ts';
import { showCaller } from './callers/show-caller.ts';
import { watchOperations } from './events/watch-operations.ts';
import { listOperationLogs } from './operation-logs/list-operation-logs.ts';
import { showOperationLog } from './operation-logs/show-operation-log.ts';
import { listPlanItems } from './plan/list-plan-items.ts';
import { planSync } from './plan/plan-sync.ts';
import { startPlan } from './plan/start-plan.ts';
import { createProject } from './projects/create-project.ts';
import { listProjects } from './projects/list-projects.ts';
import { listResources } from './resources/list-resources.ts';
import { retireResource, unretireResource } from './resources/retire-resource.ts';
import { grantRole, revokeRole } from './roles/change-role.ts';
import { listScanFindings } from './scans/list-scan-findings.ts';
import { startScan } from './scans/start-scan.ts';
import { addSource } from './sources/add-source.ts';
import { listSources } from './sources/list-sources.ts';
import { listVaults } from './sources/list-vaults.ts';
import { pauseSource, resumeSource } from './sources/pause-source.ts';
import { removeSource } from './sources/remove-source.ts';
import { confirmSource, scanSource, syncCheckpoint } from './sources/scan-source.ts';
import { showCheckpoint } from './sources/show-checkpoint.ts';
import { showSource } from './sources/show-source.ts';
import { showVault } from './sources/show-vault.ts';
import { updateSource } from './sources/update-source.ts';
import { checkStorage } from './storage-checks/check-storage.ts';
import { cancelOperation } from './tasks/cancel-operation.ts';
import { listOperations } from './tasks/list-operations.ts';
import { showOperation } from './tasks/show-operation.ts';
import { disableUser, enableUser, removeUser, setUserPassword } from './users/change-user.ts';
import { createUser } from './users/create-user.ts';
import { listUsers } from './users/list-users.ts';
import { verifyBackup } from './verifications/verify-backup.ts';

/** What happens, for each operation of the table in contracts that answers once. */
export const verbs: CallHandlers = {
  syncBackups,
  importBackups,
  listBackups,
  showBackup,
  updateBackup,
  deleteBackup,
  planSync,
  checkStorage,
  startPlan,
  listPlanItems,
  listOperationLogs,
  showOperationLog,
  listOperations,
  showOperation,
  cancelOperation,
  showCaller,
  verifyBackup,
  beginExtraction,
  listResources,
  retireResource,
  unretireResource,
  startScan,
  listScanFindings,
  addSource,
  listSources,
  showSource,
  updateSource,
  scanSource,
  pauseSource,
  resumeSource,
  confirmSource,
  removeSource,
  syncCheckpoint,
  listVaults,
  showVault,
  showCheckpoint,
  createUser,
  listUsers,
  disableUser,
  enableUser,
  setUserPassword,
  removeUser,
  grantRole,
  revokeRole,
  createProject,
  listProjects,
  grantBucket,
  revokeBucket,
  listBucketGrants,
  createAccessKey,
  listAccessKeys,
  disableAccessKey,
  listAuditEvents,
};

/** The same for those that go on answering. */
export const streams: Streams = { watchOperations };
