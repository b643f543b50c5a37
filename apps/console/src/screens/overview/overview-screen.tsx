import type { CallOutput, Resource } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { previousOf } from '../../api/query-client.ts';
import { useMay, useProjectId } from '../../api/session.ts';
import { Badge, LevelBadge } from '../../parts/badges.tsx';
import { Empty, OutdatedNotice, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { common } from '../../words/common.ts';
import { ageLimits, overviewWords, resourceTitle, rowStandingWords } from '../../words/overview.ts';
import { type ChainSearch, chainSearch, searchOf } from '../chain/chain-search.ts';
import { HistoryMarks } from './history-marks.tsx';
import { OverviewFilters } from './overview-filters.tsx';
import { overviewQueries } from './overview-queries.ts';
import type { OverviewSearch } from './overview-search.ts';
import { standingOf, standingTones } from './resource-state.ts';
import { StandingSentence } from './standing-sentence.tsx';
import './overview.css';

const route = getRouteApi('/inside/');

/** Milliseconds after which the page is read again: a resource becomes late without any event. */
const rereadMs = 60_000;
/** The number of backups in the history of a resource. */
const historyMost = 14;

/** Whether each resource can be restored: one row each, the worst first. */
export function OverviewScreen() {
  const search = route.useSearch();
  const projectId = useProjectId();
  const maxAgeS = search.age === undefined ? null : ageLimits[search.age].seconds;
  const queries = overviewQueries(projectId, search);
  const again = { refetchInterval: rereadMs, placeholderData: previousOf(projectId) };
  const standing = useQuery({ ...queries.standing, ...again });
  const resources = useQuery({ ...queries.resources, ...again });
  const sources = useQuery(queries.sources);
  const isFirstUse =
    standing.data?.standing.resources === 0 && !standing.isPlaceholderData && search.source === undefined;
  return (
    <div className="overview">
      <Page title={overviewWords.title}>
        {isFirstUse ? (
          <FirstUse />
        ) : (
          <>
            <div className="standing-place">
              <OutdatedNotice of={standing} />
              {standing.data !== undefined && <StandingSentence standing={standing.data.standing} search={search} />}
            </div>
            <OverviewFilters search={search} sources={sources.data?.sources ?? []} />
            <Shown of={resources}>
              {(page) => (
                <Resources page={page} maxAgeS={maxAgeS} search={search} isOld={resources.isPlaceholderData} />
              )}
            </Shown>
          </>
        )}
      </Page>
    </div>
  );
}

function FirstUse() {
  const mayImport = useMay('operator');
  return (
    <Empty
      title={overviewWords.first}
      action={
        mayImport && (
          <div className="actions">
            <Link to="/import" className="button main">
              {overviewWords.firstImport}
            </Link>
            <Link to="/sources" className="button">
              {overviewWords.firstSource}
            </Link>
          </div>
        )
      }
    >
      {mayImport ? overviewWords.firstOperator : overviewWords.firstReader}
    </Empty>
  );
}

type ResourcesProps = {
  readonly page: CallOutput<'listResources'>;
  readonly maxAgeS: number | null;
  readonly search: OverviewSearch;
  /** Whether the page is of the filters before, while those of now are loading. */
  readonly isOld: boolean;
};

function Resources({ page, maxAgeS, search, isOld }: ResourcesProps) {
  const { resources, count, next_marker: next } = page;
  if (resources.length === 0) {
    return (
      <Empty
        title={overviewWords.nothingMatches}
        action={
          <Link to="/" search={{}} className="button">
            {overviewWords.clear}
          </Link>
        }
      >
        {overviewWords.nothingMatchesSentence}
      </Empty>
    );
  }
  const { marker, ...filters } = search;
  return (
    <div className="stack" aria-busy={isOld}>
      <Table
        caption={overviewWords.caption}
        columns={columnsOf(maxAgeS, chainSearch(search))}
        rows={resources}
        keyOf={({ resource_id: id }) => id}
      />
      <div className="paging">
        <span>{overviewWords.shown(resources.length, count)}</span>
        <div className="actions">
          {marker !== undefined && (
            <Link to="/" search={filters} className="button">
              {common.first}
            </Link>
          )}
          {next !== null && (
            <Link to="/" search={{ ...filters, marker: next }} className="button">
              {common.next}
            </Link>
          )}
        </div>
      </div>
    </div>
  );
}

function columnsOf(maxAgeS: number | null, judgedBy: ChainSearch): readonly Column<Resource>[] {
  return [
    { title: overviewWords.resource, cell: (row) => <Name resource={row} judgedBy={judgedBy} /> },
    {
      title: overviewWords.state,
      cell: (row) => {
        const standing = standingOf(row, maxAgeS);
        return <Badge tone={standingTones[standing]}>{rowStandingWords[standing]}</Badge>;
      },
    },
    { title: overviewWords.newest, cell: (row) => <Newest resource={row} judgedBy={judgedBy} /> },
    { title: overviewWords.since, cell: (row) => <FailedSince resource={row} /> },
    {
      title: overviewWords.history,
      cell: (row) => (
        <>
          <HistoryMarks history={row.recent?.history ?? []} most={historyMost} />
          <span className="quiet small numeric">{overviewWords.provedOf(row)}</span>
        </>
      ),
    },
  ];
}

type CellProps = {
  readonly resource: Resource;
  /** What the links to the resource have, so that its page judges it as this one does. */
  readonly judgedBy: ChainSearch;
};

function Name({ resource, judgedBy }: CellProps) {
  const { resource_id: id, resource_name: name } = resource;
  return (
    <div className="resource-name">
      <Link to="/resources/$resourceId" params={{ resourceId: id }} search={judgedBy} className="name" title={name}>
        {resourceTitle(resource)}
      </Link>
      {name !== id && (
        <span className="name quiet id" title={id}>
          {id}
        </span>
      )}
    </div>
  );
}

function Newest({ resource, judgedBy }: CellProps) {
  const { newest_proved_backup_id: backupId, newest_proved_at: at, newest_proved_at_source: origin, recent } = resource;
  if (backupId === null) return <span className="quiet">{overviewWords.noProved}</span>;
  return (
    <div className="newest">
      <Link
        to="/resources/$resourceId"
        params={{ resourceId: resource.resource_id }}
        search={searchOf(backupId, judgedBy)}
      >
        {origin === 'object' && <span title={overviewWords.aboutTitle}>{overviewWords.about}</span>}
        <Time at={at} />
      </Link>
      {recent !== null && (
        <>
          <LevelBadge level={recent.newest_proved_level} />
          <span className="quiet small proved">
            {`${overviewWords.proved} `}
            <Time at={recent.newest_proved_verified_at} />
          </span>
        </>
      )}
    </div>
  );
}

function FailedSince({ resource: { recent } }: { readonly resource: Resource }) {
  if (recent === null || recent.failed_since === 0) return <span className="quiet">{common.none}</span>;
  return (
    <div className="failed-since">
      <strong>{overviewWords.failed(recent.failed_since)}</strong>
      {recent.failed_reason !== null && <span className="name">{recent.failed_reason.message}</span>}
    </div>
  );
}
