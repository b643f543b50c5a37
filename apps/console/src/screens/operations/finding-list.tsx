import type { Operation, Reason, ScanFinding } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { callOptions } from '../../api/calls.ts';
import { previousOf } from '../../api/query-client.ts';
import { useProjectId } from '../../api/session.ts';
import { Badge } from '../../parts/badges.tsx';
import { Empty, Notice, Shown } from '../../parts/notices.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { findingStates, operations as words } from '../../words/operations.ts';
import { FoundPages, foundInPage, type PageLink } from './found-pages.tsx';

type FindingListProps = { readonly operation: Operation; readonly after: number; readonly link: PageLink };

/** The backups that a scan found, while it runs and after. */
export function FindingList({ operation, after, link }: FindingListProps) {
  const projectId = useProjectId();
  const query = useQuery({
    ...callOptions(projectId, 'listScanFindings', { operation_id: operation.id, after, limit: foundInPage }),
    placeholderData: previousOf(projectId),
  });
  return (
    <section className="stack">
      <div>
        <h2>{words.findings}</h2>
        {operation.kind === 'source_run' && <p className="quiet">{words.sourceFindings}</p>}
      </div>
      <Shown of={query}>
        {({ findings, next, ended, complete }) => (
          <>
            {ended && !complete && <Notice tone="warn">{words.incomplete}</Notice>}
            {findings.length === 0 && after === 0 ? (
              <Empty title={ended ? words.noFindingEnded : words.noFinding}>
                {ended ? undefined : words.noFindingText}
              </Empty>
            ) : (
              <Table caption={words.findingsCaption} columns={columns} rows={findings} keyOf={keyOf} />
            )}
            <FoundPages after={after} next={next} count={findings.length} link={link} />
          </>
        )}
      </Shown>
    </section>
  );
}

function keyOf({ image_path, sync }: ScanFinding): string {
  return `${image_path} ${sync?.backup_id}`;
}

const columns: readonly Column<ScanFinding>[] = [
  { title: words.backup, cell: (finding) => <Found finding={finding} /> },
  {
    title: words.state,
    cell: ({ state }) => (
      <Badge tone={findingStates[state].tone} title={findingStates[state].meaning}>
        {state}
      </Badge>
    ),
  },
  { title: words.format, cell: ({ format }) => format },
  { title: words.problem, cell: ({ problem }) => problem !== null && <Problem reason={problem} /> },
  {
    title: words.imported,
    cell: ({ operation_log_id: id }) =>
      id !== null && (
        <Link to="/operations/$operationId" params={{ operationId: id }}>
          {words.showImport}
        </Link>
      ),
  },
];

function Found({ finding: { image_path, sync, original_name, newest_object_at } }: { readonly finding: ScanFinding }) {
  return (
    <div className="found">
      <div className="name">{sync?.backup_name ?? image_path}</div>
      {sync !== null && <div className="quiet small name">{image_path}</div>}
      {original_name !== null && <div className="quiet small name">{words.originalName(original_name)}</div>}
      {newest_object_at !== null && (
        <div className="quiet small">
          {words.writtenAt} <Time at={newest_object_at} />
        </div>
      )}
    </div>
  );
}

/** Why a backup is not whole, and what to do. */
export function Problem({ reason: { message, remedy, number } }: { readonly reason: Reason }) {
  return (
    <>
      <div className="name">{message}</div>
      <div className="quiet small">{words.remedyOf(remedy, number)}</div>
    </>
  );
}
