import type { Operation } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { callOptions } from '../../api/calls.ts';
import { useMay, useProjectId } from '../../api/session.ts';
import { StatusBadge } from '../../parts/badges.tsx';
import { Notice, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { Time } from '../../parts/time.tsx';
import { duration } from '../../words/amounts.ts';
import { headings, phaseWords, retryWords, operations as words } from '../../words/operations.ts';
import { CancelButton } from './cancel-button.tsx';
import { FindingList } from './finding-list.tsx';
import type { PageLink } from './found-pages.tsx';
import { Subject, secondsTaken } from './operation-name.tsx';
import { resultFacts } from './operation-result.ts';
import { PlanItemList } from './plan-item-list.tsx';
import { ProgressCard } from './progress-card.tsx';
import { RepeatActions } from './repeat-actions.tsx';
import { ResultCard } from './result-card.tsx';
import './operations.css';

const route = getRouteApi('/inside/operations/$operationId');
/** Events tell of each change of the status, but not of progress. */
const progressEveryMs = 1_500;

/** One operation: its progress while it runs, then its result, or why it failed and what to do. */
export function OperationScreen() {
  const projectId = useProjectId();
  const { operationId } = route.useParams();
  const query = useQuery({
    ...callOptions(projectId, 'showOperation', { operation_id: operationId }),
    refetchInterval: ({ state }) => (state.data?.operation.status === 'running' ? progressEveryMs : false),
  });
  const operation = query.data?.operation;
  return (
    <Page
      key={operationId}
      title={operation === undefined ? words.operation : titleOf(operation)}
      sentence={operation !== undefined && <Standing operation={operation} />}
      actions={operation !== undefined && <Actions operation={operation} />}
    >
      <Shown of={query}>{({ operation: shown }) => <Details operation={shown} readAtMs={query.dataUpdatedAt} />}</Shown>
    </Page>
  );
}

function titleOf({ kind, backup_name, backup_id, bucket_name }: Operation): string {
  return headings[kind](backup_name ?? backup_id ?? bucket_name);
}

type Props = { readonly operation: Operation };

function Standing({ operation }: Props) {
  return (
    <span className="operation-standing" role="status">
      <StatusBadge status={operation.status} />
      <Subject operation={operation} text={operation.backup_id === null ? undefined : words.showBackup} />
      {operation.cancel_requested && operation.ended_at === null && <span>{words.cancelling}</span>}
    </span>
  );
}

function Actions({ operation }: Props) {
  const mayOperate = useMay('operator');
  if (!mayOperate) return null;
  return operation.ended_at === null ? (
    <CancelButton operation={operation} />
  ) : (
    <RepeatActions key={operation.id} operation={operation} />
  );
}

function Details({ operation, readAtMs }: Props & { readonly readAtMs: number }) {
  const { kind, status, message, reason, phase } = operation;
  const { after = 0 } = route.useSearch();
  const link: PageLink = (place, label) => (
    <Link
      to="/operations/$operationId"
      params={{ operationId: operation.id }}
      search={place === undefined ? {} : { after: place }}
      className="button"
      resetScroll={false}
    >
      {label}
    </Link>
  );
  const results = resultFacts(operation);
  return (
    <>
      {reason !== null && <Failure operation={operation} reason={reason} />}
      {operation.waiting_for !== null && <Waiting operation={operation} waitingFor={operation.waiting_for} />}
      {message !== '' && (
        <p className="name">{`${message.charAt(0).toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`}</p>
      )}
      {phase !== null && <p>{phaseWords[phase]}</p>}
      {Object.keys(operation.progress).length > 0 && (status === 'running' || results.length === 0) && (
        <ProgressCard key={operation.id} operation={operation} readAtMs={readAtMs} />
      )}
      <div className="columns">
        <DetailCard operation={operation} readAtMs={readAtMs} />
        {results.length > 0 && <ResultCard facts={results} />}
      </div>
      {(kind === 'scan' || kind === 'source_run') && <FindingList operation={operation} after={after} link={link} />}
      {kind === 'plan' && <PlanItemList operationId={operation.id} after={after} link={link} />}
    </>
  );
}

function Failure({ operation, reason }: Props & { readonly reason: NonNullable<Operation['reason']> }) {
  const isProblem = operation.status === 'success' || operation.ended_at === null;
  return (
    <Notice tone={isProblem ? 'warn' : 'bad'} title={isProblem ? words.problemTitle : words.failedTitle}>
      <p className="name">{`${reason.message}.`}</p>
      <p>{reason.remedy}</p>
      <p className="quiet">{retryWords[reason.retry]}</p>
      <p className="foot">{words.reasonNumber(reason.number, reason.code)}</p>
    </Notice>
  );
}

function Waiting({ operation, waitingFor }: Props & { readonly waitingFor: NonNullable<Operation['waiting_for']> }) {
  const { reason, since, attempts, next_attempt_at: next } = waitingFor;
  return (
    <Notice tone="warn" title={words.waitsTitle(operation.bucket_name)}>
      <p className="name">{`${reason.message}.`}</p>
      <p>{reason.remedy}</p>
      <dl className="facts">
        <dt>{words.waitsSince}</dt>
        <dd>
          <Time at={since} />
        </dd>
        <dt>{words.attempts}</dt>
        <dd>{attempts}</dd>
        <dt>{words.nextAttempt}</dt>
        <dd>
          <Time at={next} otherwise={words.nextNow} />
        </dd>
      </dl>
      <p className="foot">{words.reasonNumber(reason.number, reason.code)}</p>
    </Notice>
  );
}

function DetailCard({ operation, readAtMs }: Props & { readonly readAtMs: number }) {
  const seconds = secondsTaken(operation, readAtMs);
  const { parent_operation_id: parent, requests } = operation;
  return (
    <section className="card">
      <h2>{words.facts}</h2>
      <dl className="facts">
        <dt>{words.bucket}</dt>
        <dd className="name">{operation.bucket_name}</dd>
        {parent !== null && (
          <>
            <dt>{words.parent}</dt>
            <dd>
              <Link to="/operations/$operationId" params={{ operationId: parent }}>
                {words.showParent}
              </Link>
            </dd>
          </>
        )}
        <dt>{words.accepted}</dt>
        <dd>
          <Time at={operation.created_at} />
        </dd>
        <dt>{words.started}</dt>
        <dd>
          <Time at={operation.started_at} otherwise={words.notStarted} />
        </dd>
        {operation.ended_at !== null && (
          <>
            <dt>{words.ended}</dt>
            <dd>
              <Time at={operation.ended_at} />
            </dd>
          </>
        )}
        {seconds !== null && (
          <>
            <dt>{words.took}</dt>
            <dd className="numeric">{duration(seconds)}</dd>
          </>
        )}
        <dt>{words.requests}</dt>
        <dd className="numeric">{requests === null ? words.requestsLater : words.requestCounts(requests)}</dd>
        <dt>{words.id}</dt>
        <dd>
          <code>{operation.id}</code>
        </dd>
      </dl>
    </section>
  );
}
