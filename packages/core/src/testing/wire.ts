import type { BackupSyncInput, OperationStatus } from '@backup-sync/contracts';
import type { Reply, Seen } from './service.ts';

export function item(id: string): BackupSyncInput {
  return {
    backup_id: id,
    backup_name: 'daily',
    bucket_name: 'bucket',
    image_path: 'a/b',
    resource_id: 'r',
    resource_name: 'vm',
    created_at: 1,
  };
}

export function items(count: number): BackupSyncInput[] {
  return Array.from({ length: count }, (_, index) => item(`b${index}`));
}

/** The backup ids of a sync call. */
export function idsOf({ body }: Seen): string[] {
  const { sync } = JSON.parse(body) as { sync: { backup_id: string }[] };
  return sync.map(({ backup_id }) => backup_id);
}

/** Accepts a sync call. */
export function accepting(call: Seen): Reply {
  return { body: { sync: idsOf(call).map((id) => ({ backup_id: id, operation_log_id: `of-${id}` })) } };
}

/** An operation log with only the fields that every cloud returns. */
export function cloudLog(id: string, status: OperationStatus) {
  return { id, status, operation_type: 'sync', created_at: '2026-01-01T00:00:00.000000' };
}

/** A backup with only the fields that every cloud returns. */
export function cloudBackup(id: string) {
  return {
    id,
    name: 'daily',
    created_at: '2026-01-01T00:00:00.000000',
    resource_id: 'r',
    resource_name: 'vm',
    resource_type: 'OS::Native::Server',
    status: 'available',
  };
}
