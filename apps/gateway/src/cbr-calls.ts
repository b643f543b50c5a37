/** A CBR call that this service does not offer. */
export type NotOffered = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: `/v3/${string}`;
  /** What to use instead, as the second half of the error message. `{name}` is replaced by that field of the path. */
  readonly instead: string;
};

/** A CBR listing of objects that do not exist here. It is always empty. */
export type EmptyListing = {
  readonly path: `/v3/${string}`;
  /** Field of the answer that contains the list. */
  readonly field: string;
};

const addSource = 'add a source: POST /v1/projects/{project_id}/sources, or "backup-sync sources add"';
const editSource = 'edit the source: PATCH /v1/projects/{project_id}/sources/{vault_id}, or "backup-sync sources edit"';
const planSource =
  'give a source an interval (interval_s): PATCH /v1/projects/{project_id}/sources/{source_id}, or "backup-sync sources edit --interval"';
const runSource = 'a source finds its resources in its bucket; to run it: POST /v3/{project_id}/checkpoints/sync';
const importCopy = 'copy the objects to another bucket and import them: POST /v3/{project_id}/backups/sync';
const grantBucket =
  'let another project use the bucket: POST /v1/projects/{project_id}/bucket-grants, or "backup-sync buckets grant"';
const importBackups = 'import backups that other software made: POST /v3/{project_id}/backups/sync';
const listVaults = 'see what each vault stores (billing.used): GET /v3/{project_id}/vaults';
const findProject = 'see the project of your credentials: GET /v3/projects';
const noBill = 'nothing is billed here, so there is nothing to order';
const noTags = 'vaults have no tags here; filter them by name: GET /v3/{project_id}/vaults?name=…';

/** The calls of the CBR SDKs that are neither in the table of calls nor in the listings below. */
export const notOffered: readonly NotOffered[] = [
  { method: 'POST', path: '/v3/{project_id}/vaults', instead: addSource },
  { method: 'POST', path: '/v3/{project_id}/vaults/order', instead: addSource },
  { method: 'GET', path: '/v3/{project_id}/vaults/summary', instead: listVaults },
  { method: 'PUT', path: '/v3/{project_id}/vaults/batch-update', instead: planSource },
  { method: 'POST', path: '/v3/{project_id}/vaults/change-charge-mode', instead: noBill },
  { method: 'PUT', path: '/v3/{project_id}/vaults/{vault_id}', instead: editSource },
  {
    method: 'DELETE',
    path: '/v3/{project_id}/vaults/{vault_id}',
    instead: 'remove the source: DELETE /v1/projects/{project_id}/sources/{vault_id}, or "backup-sync sources remove"',
  },
  { method: 'POST', path: '/v3/{project_id}/vaults/{vault_id}/addresources', instead: runSource },
  { method: 'POST', path: '/v3/{project_id}/vaults/{vault_id}/removeresources', instead: runSource },
  { method: 'PUT', path: '/v3/{project_id}/vaults/{vault_id}/set-resources', instead: runSource },
  { method: 'POST', path: '/v3/{project_id}/vaults/{vault_id}/migrateresources', instead: runSource },
  { method: 'POST', path: '/v3/{project_id}/vaults/{vault_id}/associatepolicy', instead: planSource },
  { method: 'POST', path: '/v3/{project_id}/vaults/{vault_id}/dissociatepolicy', instead: planSource },
  { method: 'POST', path: '/v3/{project_id}/vault/resource_instances/action', instead: noTags },
  { method: 'POST', path: '/v3/{project_id}/vault/{vault_id}/tags', instead: noTags },
  { method: 'POST', path: '/v3/{project_id}/vault/{vault_id}/tags/action', instead: noTags },
  { method: 'DELETE', path: '/v3/{project_id}/vault/{vault_id}/tags/{key}', instead: noTags },
  { method: 'PUT', path: '/v3/{project_id}/orders/{order_id}', instead: noBill },
  { method: 'POST', path: '/v3/{project_id}/orders/change', instead: noBill },
  { method: 'POST', path: '/v3/{project_id}/policies', instead: planSource },
  { method: 'GET', path: '/v3/{project_id}/policies/{policy_id}', instead: planSource },
  { method: 'PUT', path: '/v3/{project_id}/policies/{policy_id}', instead: planSource },
  { method: 'DELETE', path: '/v3/{project_id}/policies/{policy_id}', instead: planSource },
  { method: 'POST', path: '/v3/{project_id}/organization-policies', instead: planSource },
  { method: 'GET', path: '/v3/{project_id}/organization-policies/{organization_policy_id}', instead: planSource },
  { method: 'PUT', path: '/v3/{project_id}/organization-policies/{organization_policy_id}', instead: planSource },
  { method: 'DELETE', path: '/v3/{project_id}/organization-policies/{organization_policy_id}', instead: planSource },
  {
    method: 'GET',
    path: '/v3/{project_id}/organization-policies/{organization_policy_id}/policy-detail',
    instead: planSource,
  },
  { method: 'POST', path: '/v3/{project_id}/checkpoints', instead: importBackups },
  { method: 'POST', path: '/v3/{project_id}/checkpoints/replicate', instead: importCopy },
  { method: 'POST', path: '/v3/{project_id}/backups/{backup_id}/replicate', instead: importCopy },
  {
    method: 'POST',
    path: '/v3/{project_id}/backups/{backup_id}/restore',
    instead:
      'extract the volume to a file and copy it where you need it: "backup-sync extract {backup_id} --output <file>"',
  },
  {
    method: 'GET',
    path: '/v3/{project_id}/backups/{backup_id}/metadata',
    instead: 'see the record of the backup: GET /v3/{project_id}/backups/{backup_id}',
  },
  { method: 'POST', path: '/v3/{project_id}/backups/{backup_id}/members', instead: grantBucket },
  { method: 'GET', path: '/v3/{project_id}/backups/{backup_id}/members/{member_id}', instead: grantBucket },
  { method: 'PUT', path: '/v3/{project_id}/backups/{backup_id}/members/{member_id}', instead: grantBucket },
  { method: 'DELETE', path: '/v3/{project_id}/backups/{backup_id}/members/{member_id}', instead: grantBucket },
  { method: 'POST', path: '/v3/{project_id}/agents', instead: importBackups },
  { method: 'POST', path: '/v3/{project_id}/agent/check', instead: importBackups },
  { method: 'GET', path: '/v3/{project_id}/agents/{agent_id}', instead: importBackups },
  { method: 'PUT', path: '/v3/{project_id}/agents/{agent_id}', instead: importBackups },
  { method: 'DELETE', path: '/v3/{project_id}/agents/{agent_id}', instead: importBackups },
  { method: 'POST', path: '/v3/{project_id}/agents/{agent_id}/add-path', instead: importBackups },
  { method: 'POST', path: '/v3/{project_id}/agents/{agent_id}/remove-path', instead: importBackups },
  {
    method: 'GET',
    path: '/v3/{project_id}/protectables/{protectable_type}/instances/{instance_id}',
    instead: importBackups,
  },
  { method: 'GET', path: '/v3/{project_id}/storage_usage', instead: listVaults },
  {
    method: 'GET',
    path: '/v3/{project_id}/cbr-features',
    instead: 'see the calls of this service: GET /openapi.json',
  },
  {
    method: 'GET',
    path: '/v3/{project_id}/cbr-features/{feature_key}',
    instead: 'see the calls of this service: GET /openapi.json',
  },
  { method: 'GET', path: '/v3/region-projects', instead: findProject },
  { method: 'GET', path: '/v3/domain/{source_project_id}', instead: findProject },
  { method: 'GET', path: '/v3/domain/{domain_name}/projects', instead: findProject },
  { method: 'GET', path: '/v3/migrates', instead: importBackups },
  { method: 'POST', path: '/v3/migrates', instead: importBackups },
];

/** The CBR listings that are always empty here. */
export const emptyListings: readonly EmptyListing[] = [
  { path: '/v3/{project_id}/policies', field: 'policies' },
  { path: '/v3/{project_id}/organization-policies', field: 'policies' },
  { path: '/v3/{project_id}/vault/tags', field: 'tags' },
  { path: '/v3/{project_id}/vault/{vault_id}/tags', field: 'tags' },
  { path: '/v3/{project_id}/vaults/external', field: 'vaults' },
  { path: '/v3/{project_id}/agents', field: 'agents' },
  { path: '/v3/{project_id}/backups/{backup_id}/members', field: 'members' },
  { path: '/v3/{project_id}/protectables/{protectable_type}/instances', field: 'instances' },
  { path: '/v3/{project_id}/replication-capabilities', field: 'regions' },
];
