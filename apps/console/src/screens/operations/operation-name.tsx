import type { Operation } from '@backup-sync/contracts';
import { Link } from '@tanstack/react-router';
import { millisecondsOf } from '../../words/amounts.ts';
import { operationKindWords } from '../../words/common.ts';
import { operations } from '../../words/operations.ts';

type Props = { readonly operation: Operation };

/** The kind of an operation, leading to it. */
export function OperationLink({ operation: { id, kind } }: Props) {
  return (
    <Link to="/operations/$operationId" params={{ operationId: id }}>
      {operationKindWords[kind]}
    </Link>
  );
}

/** What an operation works on: a backup, whose link may have another text, or the bucket, with its source. */
export function Subject({ operation, text }: Props & { readonly text?: string | undefined }) {
  const { backup_id, backup_name, bucket_name, source_id } = operation;
  if (backup_id !== null) {
    return (
      <Link to="/backups/$backupId" params={{ backupId: backup_id }} className="name">
        {text ?? backup_name ?? backup_id}
      </Link>
    );
  }
  return (
    <>
      <span className="name">{bucket_name}</span>
      {source_id !== null && (
        <>
          {' · '}
          <Link to="/sources/$sourceId" params={{ sourceId: source_id }}>
            {operations.source}
          </Link>
        </>
      )}
    </>
  );
}

/** What happened, or why not, in one sentence. */
export function saidOf({ reason, waiting_for, message, cancel_requested, ended_at }: Operation): string {
  if (reason !== null) return reason.message;
  if (waiting_for !== null) return waiting_for.reason.message;
  return cancel_requested && ended_at === null ? operations.cancelling : message;
}

/** Seconds from the start of the last attempt to the end, or until now; null if it has not started. */
export function secondsTaken({ started_at, ended_at }: Operation, nowMs: number): number | null {
  if (started_at === null) return null;
  const endMs = ended_at === null ? nowMs : millisecondsOf(ended_at);
  return Math.max(0, (endMs - millisecondsOf(started_at)) / 1000);
}
