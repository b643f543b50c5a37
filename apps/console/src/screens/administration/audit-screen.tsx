import type { AuditEvent, AuditOutcome } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { callOptions } from '../../api/calls.ts';
import { previousOf } from '../../api/query-client.ts';
import { useProjectId } from '../../api/session.ts';
import { Badge, type Tone } from '../../parts/badges.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Empty, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { absoluteTime, millisecondsOf, number } from '../../words/amounts.ts';
import { outcomeMeanings, auditWords as words } from '../../words/audit.ts';
import { common } from '../../words/common.ts';
import { AuditFilters } from './audit-filters.tsx';
import type { AuditSearch } from './audit-search.ts';
import { useProjectNames } from './projects.ts';
import './administration.css';

const route = getRouteApi('/inside/administration/audit');

/** Events on a page. */
const pageEvents = 100;

const tones: Readonly<Record<AuditOutcome, Tone>> = {
  done: 'good',
  refused: 'warn',
  failed: 'bad',
  interrupted: 'bad',
};

/** Who did what. Every filter is in the address. */
export function AuditScreen() {
  const projectId = useProjectId();
  const search = route.useSearch();
  const [shown, setShown] = useState<AuditEvent | null>(null);
  const answer = useQuery({
    ...callOptions(projectId, 'listAuditEvents', inputOf(search)),
    placeholderData: previousOf(projectId),
  });
  const { marker: _, ...filters } = search;
  return (
    <Page title={words.title} sentence={words.sentence}>
      <AuditFilters search={filters} />
      <Shown of={answer}>
        {({ audit_events: events, count }) =>
          events.length === 0 ? (
            <Empty title={words.emptyTitle}>
              {Object.keys(search).length === 0 ? words.emptyText : words.emptyFiltered}
            </Empty>
          ) : (
            <>
              <Table
                caption={words.caption}
                columns={columnsOf(filters, setShown)}
                rows={events}
                keyOf={({ id }) => id}
              />
              <div className="paging">
                <span className="numeric">{words.shown(number(events.length), number(count))}</span>
                <div className="actions">
                  {search.marker !== undefined && (
                    <Link to="/administration/audit" search={filters} className="button">
                      {common.first}
                    </Link>
                  )}
                  {events.length === pageEvents && (
                    <Link
                      to="/administration/audit"
                      search={{ ...filters, marker: events.at(-1)?.id ?? '' }}
                      className="button"
                    >
                      {common.next}
                    </Link>
                  )}
                </div>
              </div>
            </>
          )
        }
      </Shown>
      {shown !== null && <Details event={shown} onClose={() => setShown(null)} />}
    </Page>
  );
}

function inputOf({ actor, call, subject, outcome, from, until, marker }: AuditSearch) {
  return {
    limit: pageEvents,
    ...(actor !== undefined && { actor_name: actor }),
    ...(call !== undefined && { operation: call }),
    ...(subject !== undefined && { subject }),
    ...(outcome !== undefined && { outcome }),
    ...(from !== undefined && { start_time: from }),
    ...(until !== undefined && { end_time: until }),
    ...(marker !== undefined && { marker }),
  };
}

function columnsOf(filters: AuditSearch, show: (event: AuditEvent) => void): readonly Column<AuditEvent>[] {
  return [
    {
      title: words.time,
      cell: ({ at }) => <Time at={at} />,
    },
    {
      title: words.actor,
      cell: ({ actor: { name } }) => (
        <Link
          to="/administration/audit"
          search={{ ...filters, actor: name }}
          className="short-name"
          title={words.onlyActor(name)}
        >
          {name}
        </Link>
      ),
    },
    {
      title: words.call,
      cell: ({ operation }) => (
        <Link
          to="/administration/audit"
          search={{ ...filters, call: operation }}
          className="short-name"
          title={words.onlyCall(operation)}
        >
          {operation}
        </Link>
      ),
    },
    {
      title: words.outcome,
      cell: ({ outcome, error }) => (
        <div className="actions">
          <Badge tone={tones[outcome]} title={outcomeMeanings[outcome]}>
            {outcome}
          </Badge>
          {error !== null && <code className="quiet">{error}</code>}
        </div>
      ),
    },
    {
      title: words.about,
      cell: ({ subjects }) => (
        <div className="subjects">
          {subjects.slice(0, shownSubjects).map(({ field, value }) => (
            <div key={`${field} ${value}`} className="name" title={field}>
              {value}
            </div>
          ))}
          {subjects.length > shownSubjects && (
            <div className="quiet">{words.moreSubjects(subjects.length - shownSubjects)}</div>
          )}
        </div>
      ),
    },
    {
      title: words.details,
      cell: (event) => (
        <button
          type="button"
          className="button plain"
          aria-label={words.detailsOf(event.operation, absoluteTime(millisecondsOf(event.at)))}
          onClick={() => show(event)}
        >
          {words.details}
        </button>
      ),
    },
  ];
}

/** Ids and names of an event that its row shows. */
const shownSubjects = 2;

function Details({ event, onClose }: { readonly event: AuditEvent; readonly onClose: () => void }) {
  const nameOf = useProjectNames();
  const facts: readonly (readonly [string, string])[] = [
    [words.time, absoluteTime(millisecondsOf(event.at))],
    [words.call, event.operation],
    [words.actor, event.actor.name],
    [words.kind, event.actor.kind],
    [words.address, event.address ?? words.noAddress],
    [words.door, event.door],
    [words.project, event.project_id === '' ? common.none : nameOf(event.project_id)],
    [words.outcome, `${event.outcome}: ${outcomeMeanings[event.outcome]}`],
    [words.error, event.error ?? common.none],
    [words.request, event.request_id],
    [words.id, event.id],
  ];
  return (
    <Dialog title={words.detailsTitle} onClose={onClose}>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd className="name">{value}</dd>
          </div>
        ))}
        {event.subjects.map(({ field, value }) => (
          <div key={`${field} ${value}`} className="fact">
            <dt>
              <code>{field}</code>
            </dt>
            <dd className="name">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="actions">
        <button type="button" className="button main" onClick={onClose}>
          {common.close}
        </button>
      </div>
    </Dialog>
  );
}
