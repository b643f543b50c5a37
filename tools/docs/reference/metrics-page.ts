import { metrics } from '../../../packages/contracts/src/index.ts';
import { generatedPage, sentence, table } from './markdown.ts';

const parts = [
  {
    of: 'node',
    title: 'Metrics of a node',
    text: 'Each server and worker has values of its own. Counters begin with 0 when it starts. Add them up over all nodes: `sum without (instance) (…)`.',
  },
  {
    of: 'catalogue',
    title: 'Metrics of the catalogue',
    text: 'All nodes of a database report the same values. Take one of them: `max without (instance) (…)`.',
  },
] as const;

export function metricsPage(): string {
  return generatedPage('Metrics', [
    'What `serve` and `work` offer at `/metrics`: see [Metrics for Prometheus](../how-to/monitoring.md#metrics-for-prometheus). Names, types and labels do not change in later releases. Times are in seconds since 1970.',
    ...parts.flatMap(({ of, title, text }) => [
      `## ${title}`,
      text,
      table(
        ['metric', 'type', 'labels', 'meaning'],
        Object.entries(metrics)
          .filter(([, metric]) => metric.of === of)
          .map(([name, { type, labels, help }]) => [
            `\`${name}\``,
            type,
            labels.map((label) => `\`${label}\``).join(', '),
            sentence(help),
          ]),
      ),
    ]),
    '## Metrics of the process',
    'The metrics `process_*` and `nodejs_*` are those of the library [prom-client](https://github.com/siimon/prom-client): processor time, memory, open files, and the lag of the event loop.',
    '## Labels',
    '`project` and `resource` are ids, and `source` is a name within its project. To show names, join the metrics with `backup_sync_project_info` and `backup_sync_resource_info`:',
    '```text\nmax without (instance) (backup_sync_resource_state{state="failed"})\n  * on (project, resource) group_left (resource_name)\n  max by (project, resource, resource_name) (backup_sync_resource_info)\n```',
    'There are series for at most 500 projects, 5,000 resources, 1,000 sources and 200 buckets. If there are more resources, each project has an equal share, and a project that needs less leaves the rest to the others. Within a project, those whose newest backup is in error come first, then those without a proved backup, then those whose newest proved backup is the oldest. `backup_sync_series_dropped` says how many have no series, not counting retired resources.',
  ]);
}
