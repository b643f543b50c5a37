import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { failureOf } from '../api/failure.ts';
import { capitalised } from '../words/capitalised.ts';
import { common } from '../words/common.ts';
import { failures } from '../words/failures.ts';
import type { Tone } from './badges.tsx';
import { outdatedOf } from './outdated.ts';
import { Time } from './time.tsx';

/** Keeps the place of what is being loaded. Its words appear only if it takes a while. */
export function Loading() {
  return (
    <div className="loading" role="status">
      <span>{common.loading}</span>
    </div>
  );
}

/** What is shown instead of an empty list: what that means, and what to do first. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  );
}

/** A remark on the page that stays. */
export function Notice({ tone, title, children }: { tone: Tone; title?: ReactNode; children?: ReactNode }) {
  return (
    <div className={`notice ${tone}`}>
      {title !== undefined && <h3>{title}</h3>}
      {children}
    </div>
  );
}

type FailureNoticeProps = {
  readonly thrown: unknown;
  readonly onRetry?: () => void;
  /** Places whose problems are shown at their fields. */
  readonly placesAtFields?: readonly string[];
};

/** Says what failed, what to do about it, and with which id the server's operator finds it. */
export function FailureNotice({ thrown, onRetry, placesAtFields = [] }: FailureNoticeProps) {
  const { message, remedy, problems } = failureOf(thrown);
  const listed = problems.filter(({ place }) => !placesAtFields.includes(place));
  return (
    <div className="notice bad" role="alert">
      <h3>{problems.length > 0 ? failures.invalid : capitalised(message)}</h3>
      {listed.length > 0 && (
        <ul>
          {listed.map((problem) => (
            <li key={`${problem.place} ${problem.message}`}>
              <code>{problem.place}</code> {problem.message}
            </li>
          ))}
        </ul>
      )}
      <p>{remedy}</p>
      {onRetry !== undefined && (
        <div className="actions">
          <button type="button" className="button" onClick={onRetry}>
            {failures.retry}
          </button>
        </div>
      )}
      <RequestId thrown={thrown} />
    </div>
  );
}

/** The id with which the server's operator finds the call. */
function RequestId({ thrown }: { readonly thrown: unknown }) {
  const { number, requestId } = failureOf(thrown);
  if (requestId === null) return null;
  return (
    <p className="foot">
      {failures.found(number)} <code>{requestId}</code>
    </p>
  );
}

/** Says that the answer of a query is an old one, since a newer one cannot be read. */
export function OutdatedNotice({ of: query }: { readonly of: UseQueryResult }) {
  const outdated = outdatedOf(query);
  if (outdated === null) return null;
  const { thrown, readAtMs } = outdated;
  const { message, remedy, passes } = failureOf(thrown);
  return (
    <div className="notice warn" role="status">
      <h3>{failures.outdated}</h3>
      {readAtMs !== null && (
        <p>
          {failures.readAt} <Time at={new Date(readAtMs).toISOString()} />
        </p>
      )}
      <p>{capitalised(message)}</p>
      <p>{passes ? failures.again : remedy}</p>
      {!passes && (
        <div className="actions">
          <button type="button" className="button" onClick={() => void query.refetch()}>
            {failures.retry}
          </button>
        </div>
      )}
      <RequestId thrown={thrown} />
    </div>
  );
}

/**
 * Shows the answer of a query once it is there; before, that it is loading, or why it is not there. Says so if the
 * answer is outdated.
 */
export function Shown<Data>({
  of: query,
  children,
}: {
  readonly of: UseQueryResult<Data>;
  readonly children: (data: Data) => ReactNode;
}) {
  if (query.data !== undefined) {
    return (
      <>
        <OutdatedNotice of={query} />
        {children(query.data)}
      </>
    );
  }
  const thrown = query.error ?? query.failureReason;
  if (thrown === null) return <Loading />;
  return <FailureNotice thrown={thrown} onRetry={() => void query.refetch()} />;
}
