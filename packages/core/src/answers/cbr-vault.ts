import { z } from 'zod';
import { cloudBoolean, cloudTime, orNull } from './fields.ts';

const text = orNull(z.string());
const number = orNull(z.number());

const cbrVaultResource = z.object({
  id: z.string(),
  name: text,
  type: z.string(),
  size: number,
  protect_status: text,
  backup_size: number,
  backup_count: number,
  extra_info: orNull(z.unknown()),
});

/**
 * A vault, as any CBR-compatible service returns it; in a backup-sync, a source. A field that the service omits is
 * null. Times are UTC, in the form `2020-02-05T10:38:34.209782`.
 */
const cbrVault = z.object({
  id: z.string(),
  name: z.string(),
  description: text,
  project_id: text,
  provider_id: text,
  created_at: orNull(cloudTime),
  enterprise_project_id: text,
  user_id: text,
  auto_bind: orNull(cloudBoolean),
  auto_expand: orNull(cloudBoolean),
  bind_rules: orNull(z.unknown()),
  resources: orNull(z.array(cbrVaultResource)),
  tags: orNull(z.array(z.unknown())),
  billing: z.object({
    allocated: number,
    charging_mode: text,
    cloud_type: text,
    consistent_level: text,
    frozen_scene: text,
    object_type: text,
    order_id: text,
    product_id: text,
    protect_type: text,
    /** GB. */
    size: number,
    spec_code: text,
    status: text,
    storage_unit: text,
    /** MB. */
    used: number,
  }),
});

export const showCbrVaultAnswer = z.object({ vault: cbrVault });
export const listCbrVaultsAnswer = z.object({
  vaults: z.array(cbrVault),
  count: number,
  limit: number,
  offset: number,
});

/** A checkpoint, as any CBR-compatible service returns it; in a backup-sync, the run of a source. */
export const showCbrCheckpointAnswer = z.object({
  checkpoint: z.object({
    id: z.string(),
    project_id: text,
    status: z.string(),
    created_at: cloudTime,
    vault: z.object({
      id: z.string(),
      name: text,
      resources: orNull(z.array(cbrVaultResource)),
      skipped_resources: orNull(z.array(z.object({ id: text, type: text, name: text, code: text, reason: text }))),
    }),
    extra_info: orNull(z.record(z.string(), z.unknown())),
  }),
});
