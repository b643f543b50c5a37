import type { Operation } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type FormEvent, useId } from 'react';
import { callOptions } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { StatusBadge } from '../../parts/badges.tsx';
import { FailureNotice, Notice, Shown } from '../../parts/notices.tsx';
import { importWords as words } from '../../words/import.ts';
import type { PageLink } from '../operations/found-pages.tsx';
import { resultFacts } from '../operations/operation-result.ts';
import { PlanItemList } from '../operations/plan-item-list.tsx';
import { ProgressCard } from '../operations/progress-card.tsx';
import { ResultCard } from '../operations/result-card.tsx';
import { BucketForm, useScan } from './bucket-form.tsx';

const route = getRouteApi('/inside/import');
const progressEveryMs = 1_500;

/** Plans a bucket, shows what an import would do there, and starts it. */
export function BucketStep() {
  const { plan, bucket = '', prefix = '' } = route.useSearch();
  if (plan === undefined) {
    return (
      <section className="card stack narrow">
        <div>
          <h2>{words.bucketTitle}</h2>
          <p className="quiet">{words.bucketText}</p>
        </div>
        <BucketForm />
      </section>
    );
  }
  return (
    <>
      <h2 className="name">{words.planOf(bucket, prefix)}</h2>
      <BucketPlan planId={plan} />
    </>
  );
}

function BucketPlan({ planId }: { readonly planId: string }) {
  const projectId = useProjectId();
  const search = route.useSearch();
  const query = useQuery({
    ...callOptions(projectId, 'showOperation', { operation_id: planId }),
    refetchInterval: ({ state }) => (state.data?.operation.status === 'running' ? progressEveryMs : false),
  });
  const link: PageLink = (after, label) => {
    const { after: _present, ...rest } = search;
    return (
      <Link
        to="/import"
        search={after === undefined ? rest : { ...rest, after }}
        className="button"
        resetScroll={false}
      >
        {label}
      </Link>
    );
  };
  return (
    <Shown of={query}>
      {({ operation }) => (
        <>
          <PlanHead operation={operation} />
          {operation.ended_at === null && Object.keys(operation.progress).length > 0 && (
            <ProgressCard operation={operation} readAtMs={query.dataUpdatedAt} />
          )}
          <PlanEnd operation={operation} />
          <PlanItemList operationId={planId} after={search.after ?? 0} link={link} />
        </>
      )}
    </Shown>
  );
}

function PlanHead({ operation }: { readonly operation: Operation }) {
  return (
    <div className="actions" role="status">
      <StatusBadge status={operation.status} />
      {operation.ended_at === null && <span className="quiet">{words.stopPlanOperation}</span>}
      <Link to="/operations/$operationId" params={{ operationId: operation.id }}>
        {words.showPlan}
      </Link>
    </div>
  );
}

/** What the plan found, and the way on. */
function PlanEnd({ operation }: { readonly operation: Operation }) {
  const { bucket = operation.bucket_name, prefix, template } = route.useSearch();
  const scan = useScan();
  const ancestors = useId();
  const results = resultFacts(operation);
  const { reason } = operation;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    scan.mutate({
      bucket_name: bucket,
      ...(prefix !== undefined && { prefix }),
      ...(template !== undefined && { path_template: template }),
      with_ancestors: new FormData(event.currentTarget).has('ancestors'),
    });
  };
  return (
    <>
      {reason !== null && (
        <Notice tone="bad" title={`${reason.message}.`}>
          <p>{reason.remedy}</p>
          <p className="foot">{reason.number}</p>
        </Notice>
      )}
      {results.length > 0 && <ResultCard facts={results} />}
      {operation.ended_at !== null && (
        <form className="stack" onSubmit={submit}>
          {operation.status === 'success' && (
            <div className="choice">
              <input type="checkbox" id={ancestors} name="ancestors" />
              <label htmlFor={ancestors}>{words.scanAncestors}</label>
            </div>
          )}
          {scan.error !== null && <FailureNotice thrown={scan.error} />}
          <div className="actions">
            {operation.status === 'success' && (
              <button type="submit" className="button main" disabled={scan.isPending}>
                {words.scanBucket}
              </button>
            )}
            <Link
              to="/import"
              search={{
                step: 'bucket',
                bucket,
                ...(prefix !== undefined && { prefix }),
                ...(template !== undefined && { template }),
              }}
              className="button"
            >
              {words.otherBucket}
            </Link>
          </div>
        </form>
      )}
    </>
  );
}
