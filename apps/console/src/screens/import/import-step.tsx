import { Link } from '@tanstack/react-router';
import { type FormEvent, useId } from 'react';
import { isSignedOut } from '../../api/failure.ts';
import { useProjectId } from '../../api/session.ts';
import { FailureNotice, Notice } from '../../parts/notices.tsx';
import { number } from '../../words/amounts.ts';
import { importWords as words } from '../../words/import.ts';
import { retryWords } from '../../words/operations.ts';
import { DiscardButton } from './discard-button.tsx';
import { type CheckedList, type ListImport, type ListPlan, useImport } from './import-store.ts';
import type { FailureGroup, ImportTally } from './import-tally.ts';
import { sendList, stopSending } from './send-list.ts';

/** Starts the import of the list, and follows it. */
export function ImportStepView() {
  const { list, plan, sending } = useImport();
  if (list === null) return null;
  return sending === null ? <Ready list={list} plan={plan} /> : <Sending list={list} sending={sending} />;
}

function Ready({ list, plan }: { readonly list: CheckedList; readonly plan: ListPlan | null }) {
  const projectId = useProjectId();
  const ancestors = useId();
  const failing = plan === null ? 0 : plan.planned.filter(({ reason }) => reason !== null).length;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void sendList(projectId, new FormData(event.currentTarget).has('ancestors'));
  };
  return (
    <form className="card stack narrow" onSubmit={submit}>
      <h2>{words.readyTitle(list.items.length)}</h2>
      <p>{words.readyText}</p>
      {failing > 0 && <Notice tone="warn">{words.failing(failing)}</Notice>}
      <div className="choice">
        <input type="checkbox" id={ancestors} name="ancestors" />
        <label htmlFor={ancestors}>{words.ancestors}</label>
      </div>
      <div className="actions">
        <button type="submit" className="button main">
          {words.start(list.items.length)}
        </button>
        <DiscardButton />
      </div>
    </form>
  );
}

function Sending({ list, sending }: { readonly list: CheckedList; readonly sending: ListImport }) {
  const { isRunning, acceptedItems, waitsFor, thrown, tally } = sending;
  const all = list.items.length;
  const isAccepted = acceptedItems === all;
  const hasEnded = isAccepted && tally.open === 0;
  return (
    <>
      {hasEnded ? (
        <Ended tally={tally} />
      ) : (
        <section className="card stack">
          <div className="bar">
            <progress className="progress" aria-label={words.stepNames.import} value={acceptedItems} max={all} />
            <span className="numeric" role="status">
              {words.accepted(acceptedItems, all)}
            </span>
          </div>
          {tally.open > 0 && <p className="numeric">{words.working(tally.open)}</p>}
          {waitsFor !== null && <p>{words.waitsFor(waitsFor)}</p>}
          {isRunning && (
            <div className="actions">
              <button type="button" className="button" onClick={stopSending}>
                {words.stop}
              </button>
            </div>
          )}
        </section>
      )}
      {!(isRunning || isAccepted) && <Stopped list={list} sending={sending} thrown={thrown} />}
      <Standings tally={tally} />
      {tally.counts.failed > 0 && <Failures groups={tally.failures} />}
      <div className="actions">
        {tally.counts.failed > 0 && (
          <Link to="/operations" search={{ kind: 'import', status: 'failed' }} className="button">
            {words.showFailed}
          </Link>
        )}
        <Link to="/operations" search={{ kind: 'import' }} className="button">
          {words.showAll}
        </Link>
        {!isRunning && <DiscardButton text={hasEnded ? words.another : words.discard} />}
      </div>
    </>
  );
}

function Ended({ tally: { counts, accepted } }: { readonly tally: ImportTally }) {
  const hasFailures = counts.failed > 0;
  return (
    <div role="status">
      <Notice
        tone={hasFailures ? 'bad' : 'good'}
        title={hasFailures ? words.endedWithFailures(counts.failed, accepted) : words.allEnded(counts.success)}
      />
    </div>
  );
}

type StoppedProps = { readonly list: CheckedList; readonly sending: ListImport; readonly thrown: unknown };

/** Says what exactly was accepted, and how to continue. */
function Stopped({ list, sending: { acceptedItems, withAncestors }, thrown }: StoppedProps) {
  const projectId = useProjectId();
  const next = list.places[acceptedItems] ?? '';
  const hasNoSession = thrown !== null && isSignedOut(thrown);
  return (
    <>
      {thrown !== null && !hasNoSession && <FailureNotice thrown={thrown} />}
      <Notice tone="warn" title={words.stopped}>
        <p>{acceptedItems === 0 ? words.noneAccepted : words.stoppedText(acceptedItems, next)}</p>
        {hasNoSession && <p>{words.signedOut}</p>}
        <p className="quiet">{words.twice}</p>
        <div className="actions">
          <button type="button" className="button main" onClick={() => void sendList(projectId, withAncestors)}>
            {words.continueSending}
          </button>
        </div>
      </Notice>
    </>
  );
}

const shownStandings = ['waiting', 'running', 'success', 'failed'] as const;

function Standings({ tally: { counts } }: { readonly tally: ImportTally }) {
  return (
    <section className="standings" aria-label={words.standings}>
      {shownStandings.map((each) => (
        <div className="card" key={each}>
          <div className="quiet">{words.standing[each]}</div>
          <div className={each === 'failed' && counts.failed > 0 ? 'figure bad' : 'figure'}>{number(counts[each])}</div>
        </div>
      ))}
    </section>
  );
}

function Failures({ groups }: { readonly groups: readonly FailureGroup[] }) {
  return (
    <section className="stack">
      <h2>{words.failures}</h2>
      {groups.map(({ reason, count, named }) => (
        <Notice key={reason.code} tone="bad" title={`${words.failedAlike(count)} ${reason.code}`}>
          <p>{reason.remedy}</p>
          <p className="quiet">{retryWords[reason.retry]}</p>
          <ul className="stack-small">
            {named.map(({ id, name, message }) => (
              <li key={id}>
                <Link to="/operations/$operationId" params={{ operationId: id }} className="name">
                  {name}
                </Link>
                <div className="quiet small name">{message}</div>
              </li>
            ))}
            {count > named.length && <li>{words.more(count - named.length)}</li>}
          </ul>
          <p className="foot">{reason.number}</p>
        </Notice>
      ))}
    </section>
  );
}
