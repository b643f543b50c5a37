import type { CallOutput, Operation } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { callOptions } from '../../api/calls.ts';
import { failureOf } from '../../api/failure.ts';
import { previousOf } from '../../api/query-client.ts';
import { useMay, useProjectId } from '../../api/session.ts';
import { StatusBadge } from '../../parts/badges.tsx';
import { Empty, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Time, useNowMs } from '../../parts/time.tsx';
import { duration } from '../../words/amounts.ts';
import { common } from '../../words/common.ts';
import { operations as words } from '../../words/operations.ts';
import { CalendarOfRuns } from './calendar-of-runs.tsx';
import { OperationFilters } from './operation-filters.tsx';
import { OperationLink, Subject, saidOf, secondsTaken } from './operation-name.tsx';
import './operations.css';

const route = getRouteApi('/inside/operations');
const rowsInPage = 50;
/** The number of `invalid_request`. */
const invalidNumber = 'BackupSync.1001';

/** All operations of the project, newest first and live. */
export function OperationsScreen() {
  const projectId = useProjectId();
  const { kind, status, backup, marker } = route.useSearch();
  const query = useQuery({
    ...callOptions(projectId, 'listOperations', {
      limit: rowsInPage,
      ...(kind !== undefined && { kind }),
      ...(status !== undefined && { status }),
      ...(backup !== undefined && { backup_id: backup }),
      ...(marker !== undefined && { marker }),
    }),
    placeholderData: previousOf(projectId),
  });
  // The operation at the end of the page before may have been removed.
  const isMarkerGone = marker !== undefined && failureOf(query.error).number === invalidNumber;
  return (
    <Page title={words.title} sentence={words.sentence}>
      <CalendarOfRuns />
      <OperationFilters />
      {isMarkerGone ? (
        <Empty title={words.goneMarker} action={<FirstPage />} />
      ) : (
        <Shown of={query}>{(answer) => <Operations answer={answer} />}</Shown>
      )}
    </Page>
  );
}

function Operations({ answer: { operations, count } }: { readonly answer: CallOutput<'listOperations'> }) {
  const nowMs = useNowMs();
  const { marker, ...filters } = route.useSearch();
  const last = operations.at(-1);
  if (last === undefined && marker === undefined) return <Nothing />;
  const columns: readonly Column<Operation>[] = [
    { title: words.operation, cell: (operation) => <OperationLink operation={operation} /> },
    { title: words.status, cell: ({ status }) => <StatusBadge status={status} /> },
    {
      title: words.about,
      cell: (operation) => (
        <div className="subject">
          <Subject operation={operation} />
        </div>
      ),
    },
    { title: words.said, cell: (operation) => <div className="said name">{saidOf(operation)}</div> },
    { title: words.accepted, cell: ({ created_at: at }) => <Time at={at} /> },
    { title: words.took, isNumber: true, cell: (operation) => takenInWords(operation, nowMs) },
  ];
  return (
    <div className="stack">
      <Table caption={words.caption} columns={columns} rows={operations} keyOf={({ id }) => id} />
      <nav className="paging" aria-label={words.title}>
        <span>{words.shownOf(operations.length, count)}</span>
        {marker !== undefined && <span>{words.laterPage}</span>}
        <div className="actions">
          {marker !== undefined && <FirstPage />}
          {last !== undefined && operations.length === rowsInPage && (
            <Link to="/operations" search={{ ...filters, marker: last.id }} className="button">
              {common.next}
            </Link>
          )}
        </div>
      </nav>
    </div>
  );
}

function FirstPage() {
  const { marker: _marker, ...filters } = route.useSearch();
  return (
    <Link to="/operations" search={filters} className="button">
      {common.first}
    </Link>
  );
}

function Nothing() {
  const { kind, status, backup } = route.useSearch();
  const mayImport = useMay('operator');
  if (kind !== undefined || status !== undefined || backup !== undefined) {
    const clear = (
      <Link to="/operations" search={{}} className="button">
        {words.clear}
      </Link>
    );
    return (
      <Empty title={words.noMatchTitle} action={clear}>
        {words.noMatchText}
      </Empty>
    );
  }
  if (!mayImport) return <Empty title={words.emptyTitle}>{words.emptyForReader}</Empty>;
  const start = (
    <Link to="/import" search={{}} className="button main">
      {words.emptyAction}
    </Link>
  );
  return (
    <Empty title={words.emptyTitle} action={start}>
      {words.emptyText}
    </Empty>
  );
}

function takenInWords(operation: Operation, nowMs: number): string {
  const seconds = secondsTaken(operation, nowMs);
  return seconds === null ? '' : duration(seconds);
}
