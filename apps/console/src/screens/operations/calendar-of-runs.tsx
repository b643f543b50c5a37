import type { OperationDay } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, type RefObject, useId, useLayoutEffect, useRef, useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { previousOf } from '../../api/query-client.ts';
import { useProjectId } from '../../api/session.ts';
import { StatusBadge } from '../../parts/badges.tsx';
import { FailureNotice, OutdatedNotice } from '../../parts/notices.tsx';
import { useNowMs } from '../../parts/time.tsx';
import { calendar as words } from '../../words/calendar.ts';
import { calendarOf, dateByKey, dateOf, dayOf, firstDate, type RunDay, weeksMax } from './run-calendar.ts';

const route = getRouteApi('/inside/operations');
/** Pixels of a week, with the gap, and of the names of the days. */
const weekPixels = 28;
const namesPixels = 44;
const weeksLeast = 6;

/** How the operations of the last weeks ended, day by day. */
export function CalendarOfRuns() {
  const projectId = useProjectId();
  const { kind, day } = route.useSearch();
  const today = dateOf(useNowMs());
  const place = useRef<HTMLDivElement>(null);
  const weeks = useWeeks(place);
  const query = useQuery({
    ...callOptions(projectId, 'countOperationDays', {
      from: firstDate(today, weeksMax),
      to: today,
      ...(kind !== undefined && { kind }),
    }),
    placeholderData: previousOf(projectId),
  });
  const days = query.data?.days;
  const thrown = query.error ?? query.failureReason;
  const heading = useId();
  return (
    <section className="card stack calendar" aria-labelledby={heading}>
      <div className="calendar-head">
        <h2 id={heading}>{words.title}</h2>
        <Legend />
      </div>
      <div ref={place} className="calendar-place">
        <Grid weeks={calendarOf(days ?? [], today, weeks)} isKnown={days !== undefined} today={today} selected={day} />
      </div>
      {days === undefined && thrown !== null && <FailureNotice thrown={thrown} onRetry={() => void query.refetch()} />}
      <OutdatedNotice of={query} />
      {day !== undefined && days !== undefined && <DayPanel day={dayOf(days, day, today)} date={day} />}
    </section>
  );
}

function Legend() {
  return (
    <div className="legend quiet small" aria-hidden="true">
      <span className="sample good" />
      {words.allGood}
      <span className="sample bad">{words.sampleCount}</span>
      {words.someBad}
    </div>
  );
}

type GridProps = {
  readonly weeks: readonly (readonly RunDay[])[];
  /** Whether it is known how the days went. */
  readonly isKnown: boolean;
  readonly today: string;
  readonly selected: string | undefined;
};

/** A table of days. One of them is reached by Tab, the others by the arrow keys. */
function Grid({ weeks, isKnown, today, selected }: GridProps) {
  const navigate = useNavigate();
  const table = useRef<HTMLTableElement>(null);
  const first = weeks[0]?.[0]?.date ?? today;
  const [focused, setFocused] = useState<string | null>(null);
  const wanted = focused ?? selected ?? today;
  const reachable = wanted < first ? today : wanted;
  const select = (date: string) => {
    setFocused(date);
    void navigate({
      to: '/operations',
      search: ({ day, ...rest }) => (day === date ? rest : { ...rest, day: date }),
      resetScroll: false,
    });
  };
  const move = (event: KeyboardEvent) => {
    const next = dateByKey(event.key, reachable, first, today);
    if (next === null) return;
    event.preventDefault();
    setFocused(next);
    table.current?.querySelector<HTMLElement>(`[data-date="${next}"]`)?.focus();
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table whose cells the arrow keys reach.
    <table ref={table} role="grid" className="run-days" aria-label={words.title} onKeyDown={move}>
      <thead>
        <tr>
          <td />
          {weeks.map((days, index) => (
            <th key={days[0]?.date} scope="col">
              <span className="only-for-readers">{words.weekOf(days[0]?.date ?? '')}</span>
              <span aria-hidden="true">{monthLabel(weeks, index)}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {words.weekdays.map((name, weekday) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {weeks.map((days) => {
              const day = days[weekday];
              if (day === undefined) return <td key={days[0]?.date} />;
              const label = isKnown ? words.dayLabel(day.date, day.ended, day.failed) : words.longDate(day.date);
              return (
                <td key={day.date}>
                  <button
                    type="button"
                    className={`day ${day.worst ?? 'none'}`}
                    data-date={day.date}
                    tabIndex={day.date === reachable ? 0 : -1}
                    aria-pressed={day.date === selected}
                    aria-label={label}
                    title={label}
                    onClick={() => select(day.date)}
                  >
                    {day.failed > 0 && words.failedMark(day.failed)}
                  </button>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The name of the month in the first week that begins in it. */
function monthLabel(weeks: GridProps['weeks'], index: number): string {
  const month = weeks[index]?.[0]?.date.slice(0, 7);
  return month === undefined || month === weeks[index - 1]?.[0]?.date.slice(0, 7) ? '' : words.month(month);
}

/** What a day had. The list of operations cannot be limited to a day. */
function DayPanel({ day, date }: { readonly day: RunDay | undefined; readonly date: string }) {
  return (
    <div className="stack-small" role="status">
      <h3>{words.panelTitle(date)}</h3>
      {day === undefined || day.counts.length === 0 ? (
        <p className="quiet">{day === undefined ? words.outside : words.nothing}</p>
      ) : (
        <ul className="day-counts">
          {day.counts.map((count) => (
            <DayCount key={`${count.kind} ${count.status}`} count={count} />
          ))}
        </ul>
      )}
    </div>
  );
}

function DayCount({ count: { kind, status, operations } }: { readonly count: OperationDay }) {
  return (
    <li>
      <StatusBadge status={status} />
      <Link
        to="/operations"
        search={({ day }) => ({ ...(day !== undefined && { day }), kind, ...(status !== 'skipped' && { status }) })}
        resetScroll={false}
      >
        {words.dayCount(kind, operations)}
      </Link>
    </li>
  );
}

/** As many weeks as fit. */
function useWeeks(place: RefObject<HTMLElement | null>): number {
  const [weeks, setWeeks] = useState(weeksLeast);
  // Before the first paint, so that nothing moves.
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const fit = () => {
      const fitting = Math.floor((element.clientWidth - namesPixels) / weekPixels);
      setWeeks(Math.min(weeksMax, Math.max(weeksLeast, fitting)));
    };
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  return weeks;
}
