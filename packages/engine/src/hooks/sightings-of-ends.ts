import type { HookEventKind, HookSubject } from '@backup-sync/contracts';
import type { HookSighting, OperationEnd } from '../catalogue/hook-records.ts';
import { wireKind } from '../catalogue/operation-records.ts';

/** Returns what the end of an operation says about its subject; null if it says nothing. */
export function sightingOfEnd(end: OperationEnd, newId: () => string): HookSighting | null {
  // Somebody wanted it to end: it neither failed nor succeeded.
  if (end.reason === 'cancelled') return null;
  const kind = end.kind === 'verify' ? 'verification.failed' : 'operation.failed';
  const seen = { subject: subjectOf(end), atMs: end.atMs, messageId: newId() };
  if (end.status === 'success') return { ...seen, kind, isOpen: false };
  const operation = {
    id: end.id,
    kind: wireKind(end),
    status: end.status,
    reason: end.reason,
    bucket_name: end.bucketName,
    backup_id: end.backupId,
    resource_id: end.resourceId,
    resource_name: end.resourceName,
  };
  return { ...seen, kind, isOpen: true, details: { operation } };
}

/** What an operation is about. The next success about the same subject ends its problem. */
function subjectOf(end: OperationEnd): HookSubject {
  // Verifications have a type of event for themselves.
  const operation_kind = end.kind === 'verify' ? null : wireKind(end);
  if (end.backupId !== null) return { kind: 'backup', id: end.backupId, name: end.backupName, operation_kind };
  if (end.sourceId !== null) return { kind: 'source', id: end.sourceId, name: end.sourceName, operation_kind };
  return { kind: 'bucket', id: end.bucketName, name: null, operation_kind };
}

/** Tells subjects of problems apart. */
export function problemKey({ kind, subject }: { readonly kind: HookEventKind; readonly subject: HookSubject }): string {
  return JSON.stringify([kind, subject.kind, subject.id, subject.operation_kind]);
}
