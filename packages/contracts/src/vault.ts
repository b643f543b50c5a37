import { z } from 'zod';
import { enterpriseProject, madeId, opaqueId, paging, projectId, queryEnum, queryTexts, wireTime } from './fields.ts';

/** The most resources that a vault or a checkpoint shows, sorted by id. */
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

const vaultResource = z.object({
  id: opaqueId,
  name: z.string(),
  type: z.string(),
  size: int32.nullable().meta({ description: 'Size in GiB, rounded up; null if the format does not record it.' }),
  protect_status: z
    .enum(['available', 'error'])
    .meta({ description: 'error: no backup of the resource in this vault is available.' }),
  backup_size: int32.meta({ description: 'Size of its backups as stored, in MB.' }),
  backup_count: int32,
  extra_info: z.null(),
});

const billing = z.object({
  allocated: z.literal(0),
  charging_mode: z.literal('post_paid'),
  cloud_type: z.literal('hybrid').meta({ description: 'Always hybrid: the backups were not made by the cloud.' }),
  consistent_level: z.literal('crash_consistent'),
  frozen_scene: z.null(),
  object_type: z
    .string()
    .nullable()
    .meta({ description: 'Object type of its resources; null if it has none yet, or they differ.' }),
  order_id: z.null(),
  product_id: z.null(),
  protect_type: z.literal('backup'),
  size: z.literal(0),
  spec_code: z.literal('vault.hybrid.server.normal'),
  status: z.literal('available'),
  storage_unit: z.string().meta({ description: 'The bucket.' }),
  used: int32.meta({
    description:
      'Size of the backups of the source as stored, in MB. Objects that backups share count for each of them.',
  }),
});

/** A source in the form of CBR's vault. Nothing is billed here: capacities are 0, except for `used`. */
export const vault = z
  .object({
    id: madeId.meta({ description: 'Id of the source.' }),
    name: z.string(),
    description: z.null(),
    project_id: projectId,
    provider_id: z.null(),
    created_at: wireTime,
    enterprise_project_id: z.literal('0'),
    user_id: z.null(),
    auto_bind: z.literal(false),
    auto_expand: z.literal(false),
    bind_rules: z.null(),
    resources: z
      .array(vaultResource)
      .max(vaultResourcesMax)
      .meta({ description: `Resources of its backups, sorted by id; the first ${vaultResourcesMax}.` }),
    tags: z.array(z.never()),
    billing,
  })
  .meta({ id: 'Vault' });
export type Vault = z.infer<typeof vault>;

/**
 * Filters of the listing of vaults, sorted by name. Names and ids are compared exactly. Filters of CBR for fields that
 * sources do not have still filter by their meaning:
 *
 * | filter | here |
 * |---|---|
 * | `resource_ids` | sources with a backup of one of these resources, separated by commas |
 * | `object_type` | sources with a resource of this kind: `server`, `disk`, `turbo`, `vm`, `workspace`; others match nothing |
 * | `cloud_type` | every source is `hybrid` |
 * | `protect_type` | every source is `backup` |
 * | `status` | every source is `available` |
 * | `policy_id` | there are no policies: nothing matches |
 * | `enterprise_project_id` | `0` (the default one) and `all_granted_eps` match all, others nothing |
 *
 * Other parameters are ignored, as CBR does.
 */
export const listVaultsInput = z.object({
  project_id: projectId,
  id: z.string().optional(),
  name: z.string().optional(),
  cloud_type: queryEnum(['public', 'hybrid']).optional(),
  enterprise_project_id: enterpriseProject.optional(),
  object_type: z.string().optional(),
  policy_id: z.string().optional(),
  protect_type: queryEnum(['backup', 'replication', 'hybrid']).optional(),
  resource_ids: queryTexts.optional(),
  status: queryEnum(['available', 'lock', 'frozen', 'deleting', 'error']).optional(),
  ...paging,
});
export type VaultFilter = z.output<typeof listVaultsInput>;

export const listVaultsAnswer = z
  .object({ vaults: z.array(vault), count: z.int(), limit: z.int(), offset: z.int() })
  .meta({ id: 'ListVaultsAnswer' });
export const showVaultInput = z.object({ project_id: projectId, vault_id: madeId });
export const showVaultAnswer = z.object({ vault }).meta({ id: 'ShowVaultAnswer' });

/** A run of a source in the form of CBR's checkpoint. */
export const checkpoint = z
  .object({
    id: madeId.meta({ description: 'Id of the run, which is an operation.' }),
    project_id: projectId,
    status: z
      .enum(['creating', 'available', 'error'])
      .meta({ description: 'creating: the run has not ended; error: it failed, or backups are in error.' }),
    created_at: wireTime,
    vault: z.object({
      id: madeId.meta({ description: 'Id of the source.' }),
      name: z.string().nullable().meta({ description: 'Null once the source is removed.' }),
      resources: z
        .array(vaultResource)
        .max(vaultResourcesMax)
        .meta({
          description: `Resources of the backups that the run imported, sorted by id; the first ${vaultResourcesMax}.`,
        }),
      skipped_resources: z
        .array(
          z.object({
            id: opaqueId,
            type: z.string(),
            name: z.string(),
            code: z.string().meta({ example: 'BackupSync.2004' }),
            reason: z.string(),
          }),
        )
        .max(vaultResourcesMax)
        .meta({ description: `Resources with a failed import, each once; the first ${vaultResourcesMax}.` }),
    }),
    extra_info: z.object({ name: z.null(), description: z.null(), retention_duration: z.null() }),
  })
  .meta({ id: 'Checkpoint' });
export type Checkpoint = z.infer<typeof checkpoint>;

export const showCheckpointInput = z.object({ project_id: projectId, checkpoint_id: madeId });
export const showCheckpointAnswer = z.object({ checkpoint }).meta({ id: 'ShowCheckpointAnswer' });
