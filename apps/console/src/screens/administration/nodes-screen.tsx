import type { Node } from '@backup-sync/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { callOptions } from '../../api/calls.ts';
import { useProjectId } from '../../api/session.ts';
import { Badge } from '../../parts/badges.tsx';
import { Empty, Notice, Shown } from '../../parts/notices.tsx';
import { Page } from '../../parts/page.tsx';
import { PagedTable } from '../../parts/paged-table.tsx';
import type { Column } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { nodesWords as words } from '../../words/administration.ts';
import { common, operationKindWords } from '../../words/common.ts';
import './administration.css';

/** Milliseconds between two questions: nodes come and go without an event. */
const askEveryMs = 10_000;
/** Difference of clocks from which a machine is worth a person's time. Milliseconds. */
const clockOffMs = 1_000;
/** Operations of a node that its row shows. */
const shownOperations = 5;

const columns: readonly Column<Node>[] = [
  {
    title: words.node,
    cell: ({ id, host_name, process_id }) => (
      <>
        <span className="name">{`${host_name}:${process_id}`}</span>
        <div className="quiet small name">{words.id(id)}</div>
      </>
    ),
  },
  {
    title: words.does,
    cell: ({ serves, works }) =>
      [...(serves ? [words.calls] : []), ...(works ? [words.work] : [])].join(', ') || common.none,
  },
  { title: words.version, cell: ({ version }) => version },
  { title: words.started, cell: ({ started_at }) => <Time at={started_at} /> },
  { title: words.seen, cell: ({ seen_at }) => <Time at={seen_at} /> },
  { title: words.clock, cell: ({ clock_ahead_ms }) => <Clock aheadMs={clock_ahead_ms} /> },
  { title: words.running, cell: (node) => <Work node={node} /> },
];

function Clock({ aheadMs }: { readonly aheadMs: number }) {
  if (Math.abs(aheadMs) < clockOffMs) return words.clockOk;
  return (
    <Badge tone="warn" title={words.clockMeaning}>
      {aheadMs > 0 ? words.clockAhead(aheadMs) : words.clockBehind(aheadMs)}
    </Badge>
  );
}

function Work({ node: { operations, operation_count: count } }: { readonly node: Node }) {
  const projectId = useProjectId();
  const shown = operations.slice(0, shownOperations);
  if (shown.length === 0) return <span className="quiet">{words.nothing}</span>;
  return (
    <ul>
      {shown.map(({ id, kind, bucket_name, project_id }) => {
        const text = words.workIn(operationKindWords[kind], bucket_name);
        return (
          <li key={id} className="name">
            {/* An operation of another project is refused to this session. */}
            {project_id === projectId ? (
              <Link to="/operations/$operationId" params={{ operationId: id }}>
                {text}
              </Link>
            ) : (
              text
            )}
          </li>
        );
      })}
      {count > shown.length && <li className="quiet">{words.more(count - shown.length)}</li>}
    </ul>
  );
}

/** The processes that share the catalogue. */
export function NodesScreen() {
  const options = callOptions(useProjectId(), 'listNodes', {});
  const answer = useQuery({ ...options, refetchInterval: askEveryMs });
  return (
    <Page title={words.title} sentence={words.sentence}>
      <Shown of={answer}>
        {({ nodes }) =>
          nodes.length === 0 ? (
            <Empty title={words.emptyTitle}>{words.emptyText}</Empty>
          ) : (
            <>
              {nodes.length === 1 && (
                <Notice tone="quiet" title={words.aloneTitle}>
                  <p>{words.aloneText}</p>
                </Notice>
              )}
              <PagedTable caption={words.caption} columns={columns} rows={nodes} keyOf={({ id }) => id} />
            </>
          )
        }
      </Shown>
    </Page>
  );
}
