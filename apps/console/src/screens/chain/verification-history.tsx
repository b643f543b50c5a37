import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { query } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { Badge, LevelBadge } from '../../parts/badges.tsx';
import { FailureNotice, Loading } from '../../parts/notices.tsx';
import { Time } from '../../parts/time.tsx';
import { backupWords } from '../../words/chain.ts';
import { faultOf } from './recorded-link.ts';

/** Verifications that are read at a time. */
const pageSize = 20;

/** The verifications of a backup, newest first. */
export function VerificationHistory({ backupId }: { readonly backupId: string }) {
  const projectId = useProjectId();
  const history = useInfiniteQuery({
    // Begins like that of the call, so that it is read again when operations end.
    queryKey: ['listVerifications', projectId, { backup_id: backupId }, 'pages'],
    queryFn: ({ pageParam: marker, signal }) =>
      query(
        projectId,
        'listVerifications',
        { backup_id: backupId, limit: pageSize, ...(marker !== null && { marker }) },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_marker: next }) => next,
  });
  if (history.data === undefined) {
    const thrown = history.error ?? history.failureReason;
    if (thrown === null) return <Loading />;
    return <FailureNotice thrown={thrown} onRetry={() => void history.refetch()} />;
  }
  const verifications = history.data.pages.flatMap((page) => page.verifications);
  if (verifications.length === 0) return <p className="quiet">{backupWords.noHistory}</p>;
  return (
    <div className="stack">
      <ol className="verifications">
        {verifications.map(
          ({ id, operation_id: operationId, verified_at: at, level, reason, check_version, ...more }) => (
            <li key={id}>
              <div className="actions">
                {reason === null ? (
                  <LevelBadge level={level} tone={level === null ? 'bad' : 'good'} />
                ) : (
                  <Badge tone={faultOf(reason) === 'unread' ? 'warn' : 'bad'}>{reason.number}</Badge>
                )}
                <Link to="/operations/$operationId" params={{ operationId }}>
                  <Time at={at} />
                </Link>
                <span className="quiet">{backupWords.verifiedBy(check_version)}</span>
              </div>
              {[reason?.message, more.limit_reason, more.remark].map(
                (text) =>
                  typeof text === 'string' && (
                    <p key={text} className="name quiet">
                      {text}
                    </p>
                  ),
              )}
            </li>
          ),
        )}
      </ol>
      <p className="quiet">{backupWords.ownLevel}</p>
      {history.hasNextPage && (
        <div className="actions">
          <button
            type="button"
            className="button"
            disabled={history.isFetchingNextPage}
            onClick={() => void history.fetchNextPage()}
          >
            {backupWords.olderVerifications}
          </button>
        </div>
      )}
    </div>
  );
}
