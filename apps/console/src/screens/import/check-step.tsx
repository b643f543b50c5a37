import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useProjectId } from '../../api/session.ts';
import { Notice } from '../../parts/notices.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { number } from '../../words/amounts.ts';
import { importWords as words } from '../../words/import.ts';
import type { ItemProblem } from './check-list.ts';
import { DiscardButton } from './discard-button.tsx';
import { type CheckedList, useImport } from './import-store.ts';
import { planList } from './plan-list.ts';
import { Pages, rowsInPage } from './row-pages.tsx';

const route = getRouteApi('/inside/import');
const shownBuckets = 12;
const shownRepeats = 20;

/** What the check of the list found. */
export function CheckStep() {
  const { reading, refusal, list } = useImport();
  if (reading !== null) {
    return (
      <div className="card stack" role="status">
        <p className="name">{words.reading(reading.name, reading.valid)}</p>
        <progress className="progress" aria-label={words.stepNames.check} />
      </div>
    );
  }
  if (refusal !== null) {
    return (
      <div role="alert" className="stack">
        <Notice tone="bad" title={words.refused(refusal.name)}>
          <p>{refusal.message}</p>
          <div className="actions">
            <Link to="/import" search={{ step: 'choose' }} className="button">
              {words.again}
            </Link>
          </div>
        </Notice>
      </div>
    );
  }
  return list === null ? null : <Checked list={list} />;
}

function Checked({ list }: { readonly list: CheckedList }) {
  const { name, format, valid, invalid, milliseconds, repeatCount, repeats } = list;
  const isValid = invalid === 0;
  return (
    <>
      <div role="status">
        <Notice
          tone={isValid ? 'good' : 'bad'}
          title={isValid ? words.allValid(valid, name) : words.someInvalid(invalid, valid + invalid, name)}
        >
          {!isValid && <p>{words.fixFirst}</p>}
          <p className="quiet">{words.readIn(format, milliseconds)}</p>
        </Notice>
      </div>
      {repeatCount > 0 && (
        <Notice tone="warn" title={words.repeats(repeatCount)}>
          <p>{words.repeatsText}</p>
          <ul>
            {repeats.slice(0, shownRepeats).map(({ place, backupId, earlier }) => (
              <li key={place} className="name">
                {words.repeat(place, backupId, earlier)}
              </li>
            ))}
            {repeatCount > shownRepeats && <li>{words.more(repeatCount - shownRepeats)}</li>}
          </ul>
        </Notice>
      )}
      {isValid ? <Onward list={list} /> : <Problems list={list} />}
    </>
  );
}

function Onward({ list }: { readonly list: CheckedList }) {
  const projectId = useProjectId();
  const navigate = useNavigate();
  const plan = () => {
    void planList(projectId);
    void navigate({ to: '/import', search: { step: 'plan' } });
  };
  const buckets = [...list.buckets].toSorted(([, one], [, other]) => other - one);
  return (
    <>
      <section className="card">
        <h2>{words.buckets}</h2>
        <dl className="facts numeric">
          {buckets.slice(0, shownBuckets).map(([bucket, count]) => (
            <div className="fact" key={bucket}>
              <dt className="name">{bucket}</dt>
              <dd>{number(count)}</dd>
            </div>
          ))}
        </dl>
        {buckets.length > shownBuckets && <p>{words.moreBuckets(buckets.length - shownBuckets)}</p>}
      </section>
      <div className="stack">
        <p className="quiet">{words.planSentence}</p>
        <div className="actions">
          <button type="button" className="button main" onClick={plan}>
            {words.planList}
          </button>
          <Link to="/import" search={{ step: 'import' }} className="button">
            {words.withoutPlan}
          </Link>
          <DiscardButton />
        </div>
      </div>
    </>
  );
}

const columns: readonly Column<ItemProblem>[] = [
  { title: words.place, cell: ({ place }) => place },
  { title: words.field, cell: ({ field }) => <div className="name">{field ?? words.wholeItem}</div> },
  { title: words.problem, cell: ({ message }) => <div className="name">{message}</div> },
];

function Problems({ list: { problems, problemCount } }: { readonly list: CheckedList }) {
  const { page = 1 } = route.useSearch();
  const rows = problems.slice((page - 1) * rowsInPage, page * rowsInPage);
  return (
    <section className="stack">
      <h2>{words.problems}</h2>
      {problemCount > problems.length && <p>{words.firstProblems(problems.length, problemCount)}</p>}
      <Table
        caption={words.problemsCaption}
        columns={columns}
        rows={rows}
        keyOf={({ place, field, message }) => `${place} ${field} ${message}`}
      />
      <Pages page={page} count={problems.length} said={words.firstProblems(rows.length, problemCount)} />
      <div className="actions">
        <Link to="/import" search={{ step: 'choose' }} className="button main">
          {words.again}
        </Link>
        <DiscardButton />
      </div>
    </section>
  );
}
