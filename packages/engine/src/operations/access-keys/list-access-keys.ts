import { type AccessKey, toWireTime } from '@backup-sync/contracts';
import type { CallHandler } from '../../context.ts';
import type { AccessKeyRecord } from '../../identity/directory.ts';
import { accountsOf } from '../users/accounts.ts';

export const listAccessKeys: CallHandler<'listAccessKeys'> = async ({ services }) => {
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
