import { z } from 'zod';
import {
  compatibility,
  createdAt,
  enterpriseProject,
  operationId,
  ownProjectId,
  page,
  paging,
  projectId,
  queryEnum,
  queryTexts,
  resourceId,
  shown,
  sourceId,
  wireTime,
} from './fields.ts';

/** Maximum number of resources that a vault or a checkpoint shows, sorted by id. */
export const vaultResourcesMax = 256;

/** The largest 32-bit integer, which clients use. Larger numbers are shown as this one. */
const int32Max = 2 ** 31 - 1;
const int32 = z.int().min(0).max(int32Max);

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** Converts bytes to MB, the unit of CBR's capacities: rounded up, at most the largest 32-bit integer. */
export function toMegabytes(bytes: number): number {
  return Math.min(Math.ceil(bytes / mebibyte), int32Max);
}

/** Converts bytes to GB, the unit of CBR's resource sizes: rounded up, at most the largest 32-bit integer. */
export function toGigabytes(bytes: number): number {
  return Math.min(Math.ceil(bytes / gibibyte), int32Max);
}

/** The object types of CBR's vaults, each with the resource types that it protects. */
export const vaultObjectTypes = {
  server: ['OS::Native::Server', 'OS::Nova::Server', 'OS::Ironic::BareMetalServer'],
  disk: ['OS::Cinder::Volume'],
  turbo: ['OS::Sfs::Turbo'],
  vm: ['OS::VMware::Server'],
  workspace: ['OS::Workspace::DesktopV2'],
} as const;

/** A resource, with its backups in a vault or its backups that a run imported. */
const resourceWith = (backups: string) =>
  z.object({
    id: resourceId,
    name: shown.resourceName,
    type: shown.resourceType,
    size: int32.nullable().meta({ description: 'Size in GiB, rounded up; null if the format does not record it.' }),
    protect_status: z
      .enum(['available', 'error'])
      .meta({ description: `State: available, or error if none of its ${backups} is available.` }),
    backup_size: int32.meta({ description: `Size of its ${backups} as stored, in MiB, rounded up.` }),
    backup_count: int32.meta({ description: `Number of its ${backups}.` }),
    extra_info: compatibility.null,
  });

const billing = z.object({
  allocated: compatibility.constant(0),
  charging_mode: compatibility.constant('post_paid'),
  cloud_type: z.literal('hybrid').meta({ description: 'Always hybrid: the backups were not made by the cloud.' }),
  consistent_level: compatibility.constant('crash_consistent'),
  frozen_scene: compatibility.null,
  object_type: z.string().nullable().meta({
    description: 'Object type of its resources, e.g. server or disk; null if it has none yet, or they differ.',
  }),
  order_id: compatibility.null,
  product_id: compatibility.null,
  protect_type: compatibility.constant('backup'),
  size: compatibility.constant(0),
  spec_code: compatibility.constant('vault.hybrid.server.normal'),
  status: compatibility.constant('available'),
  storage_unit: z.string().meta({ description: 'Name of the bucket.' }),
  used: int32.meta({
    description:
      'Size of all backups of the source as stored, in MiB, rounded up. Objects that backups share count for each of them.',
  }),
});

export const vault = z
  .object({
    id: sourceId,
    name: z.string().meta({ description: 'Name of the source.' }),
    description: compatibility.null,
    project_id: ownProjectId,
    provider_id: compatibility.null,
    created_at: createdAt,
    enterprise_project_id: compatibility.constant('0'),
    user_id: compatibility.null,
    auto_bind: compatibility.constant(false),
    auto_expand: compatibility.constant(false),
    bind_rules: compatibility.null,
    resources: z
      .array(resourceWith('backups in the vault'))
      .max(vaultResourcesMax)
      .meta({ description: `Resources of its backups, sorted by id; the first ${vaultResourcesMax}.` }),
    tags: compatibility.empty,
    billing: billing.meta({ description: 'Use of storage. Nothing is billed: capacities are 0, except for used.' }),
  })
  .meta({ id: 'Vault', description: 'A source in the form of a vault of CBR.' });
export type Vault = z.infer<typeof vault>;

/**
 * Filters of the listing of vaults, sorted by name. Names and ids are compared exactly. Filters of CBR for fields that
 * sources do not have still filter by their meaning. Other parameters are ignored, as CBR does.
 */
export const listVaultsInput = z.object({
  project_id: projectId,
  id: z.string().optional().meta({ description: 'Only the source with this id.' }),
  name: z.string().optional().meta({ description: 'Only the source with exactly this name.' }),
  cloud_type: queryEnum(['public', 'hybrid'])
    .optional()
    .meta({ description: 'Every source is hybrid: public matches nothing.' }),
  enterprise_project_id: enterpriseProject.optional(),
  object_type: z
    .string()
    .optional()
    .meta({
      description: `Only sources with a resource of this kind: ${Object.keys(vaultObjectTypes).join(', ')}. Other values match nothing.`,
    }),
  policy_id: z.string().optional().meta({ description: 'Matches nothing: there are no policies.' }),
  protect_type: queryEnum(['backup', 'replication', 'hybrid'])
    .optional()
    .meta({ description: 'Every source is backup: the other values match nothing.' }),
  resource_ids: queryTexts
    .optional()
    .meta({ description: 'Only sources with a backup of one of these resources: up to 256 ids, separated by commas.' }),
  status: queryEnum(['available', 'lock', 'frozen', 'deleting', 'error'])
    .optional()
    .meta({ description: 'Every source is available: the other values match nothing.' }),
  ...paging,
});
export type VaultFilter = z.output<typeof listVaultsInput>;

export const listVaultsAnswer = z
  .object({ vaults: z.array(vault).meta({ description: 'Vaults of this page, sorted by name.' }), ...page })
  .meta({ id: 'ListVaultsAnswer' });
export const showVaultInput = z.object({ project_id: projectId, vault_id: sourceId });
export const showVaultAnswer = z.object({ vault }).meta({ id: 'ShowVaultAnswer' });

const runId = operationId.meta({ description: 'Id of the run, which is an operation.' });

export const checkpoint = z
  .object({
    id: runId,
    project_id: ownProjectId,
    status: z.enum(['creating', 'available', 'error']).meta({
      description:
        'State of the run. creating: it has not ended. available: it succeeded. error: it failed, or backups are in error.',
    }),
    created_at: wireTime.meta({ description: 'When the run was accepted.' }),
    vault: z
      .object({
        id: sourceId,
        name: z.string().nullable().meta({ description: 'Name of the source; null once it is removed.' }),
        resources: z
          .array(resourceWith('backups that the run imported'))
          .max(vaultResourcesMax)
          .meta({
            description: `Resources of the backups that the run imported, sorted by id; the first ${vaultResourcesMax}.`,
          }),
        skipped_resources: z
          .array(
            z.object({
              id: resourceId,
              type: shown.resourceType,
              name: shown.resourceName,
              code: z.string().meta({ description: 'Number of the reason.', example: 'BackupSync.2004' }),
              reason: z.string().meta({ description: 'What happened, with the place.' }),
            }),
          )
          .max(vaultResourcesMax)
          .meta({ description: `Resources with a failed import, each once; the first ${vaultResourcesMax}.` }),
      })
      .meta({ description: 'The source, with what this run imported and could not import.' }),
    extra_info: z
      .object({
        name: compatibility.null,
        description: compatibility.null,
        retention_duration: compatibility.null,
      })
      .meta({ description: 'For compatibility with CBR.' }),
  })
  .meta({ id: 'Checkpoint', description: 'A run of a source in the form of a checkpoint of CBR.' });
export type Checkpoint = z.infer<typeof checkpoint>;

export const showCheckpointInput = z.object({ project_id: projectId, checkpoint_id: runId });
export const showCheckpointAnswer = z.object({ checkpoint }).meta({ id: 'ShowCheckpointAnswer' });
