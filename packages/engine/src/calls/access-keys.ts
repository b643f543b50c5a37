import { randomBytes } from 'node:crypto';
import { type AccessKey, BackupSyncError, toWireTime } from '@backup-sync/contracts';
import type { AccessKeyRecord } from '../catalogue/directory-records.ts';
import type { MutationHandler, QueryHandler } from './call-context.ts';
import { accountsOf, refuseOutsideAccounts, refuseUnlessDone } from './users.ts';

export const listAccessKeys: QueryHandler<'listAccessKeys'> = async ({ services }) => {
  return { access_keys: (await accountsOf(services).listAccessKeys()).map(accessKeyView) };
};

export function accessKeyView(key: AccessKeyRecord): AccessKey {
  return {
    access_key: key.accessKey,
    user_name: key.userName,
    project_id: key.projectId,
    created_at: toWireTime(key.createdAtMs),
    disabled_at: key.disabledAtMs === null ? null : toWireTime(key.disabledAtMs),
  };
}

/** Creates an access key. Its secret has 256 random bits, is returned only once, and is stored sealed. */
export const createAccessKey: MutationHandler<'createAccessKey'> = async (
  { services, change },
  { user_name, target_project_id },
) => {
  refuseOutsideAccounts(services);
  const accessKey = randomBytes(10).toString('hex').toUpperCase();
  const secretKey = randomBytes(32).toString('base64url');
  const createdAtMs = services.world.clock.nowMs();
  const added = await change('addAccessKey', {
    accessKey,
    userName: user_name,
    projectId: target_project_id,
    sealedSecret: await services.world.seal.seal(secretKey, accessKey),
    nowMs: createdAtMs,
  });
  if (added !== 'added') refuseUnlessDone(added, user_name, target_project_id);
  const record = { accessKey, userName: user_name, projectId: target_project_id, createdAtMs, disabledAtMs: null };
  return { access_key: accessKeyView(record), secret_key: secretKey };
};

/** Disables an access key permanently: nothing enables it again. */
export const disableAccessKey: MutationHandler<'disableAccessKey'> = async ({ services, change }, { access_key }) => {
  refuseOutsideAccounts(services);
  const disabled = await change('disableAccessKey', access_key, services.world.clock.nowMs());
  if (disabled === null) throw new BackupSyncError('access_key_not_found', `there is no access key ${access_key}`);
  return { access_key: accessKeyView(disabled) };
};
