import type { PlanClass } from '@backup-sync/contracts';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useDeferredValue, useMemo } from 'react';
import { useProjectId } from '../../api/session.ts';
import { FailureNotice } from '../../parts/notices.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { number } from '../../words/amounts.ts';
import { importWords as words } from '../../words/import.ts';
import { planClasses } from '../../words/operations.ts';
import { Problem } from '../operations/finding-list.tsx';
import { forecastInWords } from '../operations/operation-result.ts';
import { ClassBadge, WouldDo } from '../operations/planned.tsx';
import { DiscardButton } from './discard-button.tsx';
import { type CheckedList, type ListPlan, useImport } from './import-store.ts';
import { planList, stopPlan } from './plan-list.ts';
import { classesWorstFirst, type PlannedRow, sortedRows } from './plan-totals.ts';
import { Pages, rowsInPage } from './row-pages.tsx';

const route = getRouteApi('/inside/import');

/** What importing the list would do, why, and what it would cost. */
export function PlanStep() {
  const projectId = useProjectId();
  const { list, plan } = useImport();
  if (list === null || plan === null) return null;
  const { totals, isRunning, waitsFor, thrown } = plan;
  const all = list.items.length;
  const isDone = totals.planned === all;
  return (
    <>
      <section className="card stack">
        <div className="bar">
          <progress className="progress" aria-label={words.stepNames.plan} value={totals.planned} max={all} />
          <span className="numeric" role="status">
            {words.planned(totals.planned, all)}
          </span>
        </div>
        {totals.planned > 0 && <p>{words.forecast(forecastInWords(totals.forecast))}</p>}
        {waitsFor !== null && <p>{words.waitsFor(waitsFor)}</p>}
        {!(isRunning || isDone) && thrown === null && <p>{words.planStopped}</p>}
        {thrown !== null && <FailureNotice thrown={thrown} onRetry={() => void planList(projectId)} />}
        <div className="actions">
          {isRunning && (
            <button type="button" className="button" onClick={stopPlan}>
              {words.stop}
            </button>
          )}
          {!(isRunning || isDone) && thrown === null && (
            <button type="button" className="button" onClick={() => void planList(projectId)}>
              {words.continuePlan}
            </button>
          )}
          {!isRunning && (
            <Link to="/import" search={{ step: 'import' }} className={isDone ? 'button main' : 'button'}>
              {words.toImport}
            </Link>
          )}
          {!isRunning && <DiscardButton />}
        </div>
      </section>
      {totals.planned > 0 && <Planned list={list} plan={plan} />}
    </>
  );
}

function Planned({ list, plan }: { readonly list: CheckedList; readonly plan: ListPlan }) {
  const search = route.useSearch();
  const only = classesWorstFirst.find((each) => each === search.class);
  // While the plan runs, the buttons stay quick, and the rows follow.
  const { totals, planned } = useDeferredValue(plan);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the array grows with the totals.
  const sorted = useMemo(() => sortedRows(planned, only), [totals, planned, only]);
  const page = Math.min(search.page ?? 1, Math.max(1, Math.ceil(sorted.length / rowsInPage)));
  const first = (page - 1) * rowsInPage;
  const rows = sorted.slice(first, first + rowsInPage);
  const columns: readonly Column<PlannedRow>[] = [
    {
      title: words.backup,
      cell: ({ index }) => (
        <div className="found">
          <div className="name">{list.items[index]?.backup_name}</div>
          <div className="quiet small name">{`${list.places[index]} · ${list.items[index]?.image_path}`}</div>
        </div>
      ),
    },
    { title: words.class, cell: ({ planned: item }) => <ClassBadge planned={item.class} /> },
    { title: words.wouldDo, cell: ({ planned: item }) => <WouldDo planned={item} /> },
    { title: words.problem, cell: ({ planned: { reason } }) => reason !== null && <Problem reason={reason} /> },
  ];
  return (
    <section className="stack">
      <nav className="classes" aria-label={words.classes}>
        <ClassLink only={undefined} present={only} count={totals.planned} />
        {classesWorstFirst.map((each) => {
          const count = totals.classes[each] ?? 0;
          return count > 0 && <ClassLink key={each} only={each} present={only} count={count} />;
        })}
      </nav>
      <Table caption={words.itemsCaption} columns={columns} rows={rows} keyOf={({ index }) => String(index)} />
      <Pages page={page} count={sorted.length} said={words.rowsOf(first + 1, first + rows.length, sorted.length)} />
    </section>
  );
}

type ClassLinkProps = {
  readonly only: PlanClass | undefined;
  readonly present: PlanClass | undefined;
  readonly count: number;
};

function ClassLink({ only, present, count }: ClassLinkProps) {
  return (
    <Link
      to="/import"
      search={only === undefined ? { step: 'plan' } : { step: 'plan', class: only }}
      className={only === present ? 'class-link present' : 'class-link'}
      aria-current={only === present ? 'true' : undefined}
      title={only === undefined ? undefined : planClasses[only].meaning}
      resetScroll={false}
    >
      {only === undefined ? (
        words.allClasses(count)
      ) : (
        <>
          <ClassBadge planned={only} />
          <span className="numeric">{number(count)}</span>
        </>
      )}
    </Link>
  );
}
