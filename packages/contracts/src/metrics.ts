/** A metric of Prometheus that servers and workers offer. */
type MetricDefinition = {
  readonly type: 'gauge' | 'counter';
  readonly labels: readonly string[];
  /**
   * Whose values these are: those of one `node`, which differ from node to node and are added up; or those of the
   * `catalogue`, which all nodes report alike, so that any one of them counts.
   */
  readonly of: 'node' | 'catalogue';
  /** What it says: a sentence, with the unit if the name does not say it. */
  readonly help: string;
};

/**
 * The metrics, by name. Dashboards and alerts rely on them: names, types and labels do not change, and none is removed.
 *
 * A label that has no value is left out. Metrics without a value, such as the time of something that has not happened,
 * have no series.
 */
export const metrics = {
  backup_sync_build_info: {
    type: 'gauge',
    labels: ['version', 'node_version'],
    of: 'node',
    help: 'Always 1. The labels are the release, and the version of Node.js.',
  },
  backup_sync_ready: {
    type: 'gauge',
    labels: [],
    of: 'node',
    help: '1 if the catalogue can be read and written, else 0.',
  },
  backup_sync_calls_total: {
    type: 'counter',
    labels: ['call', 'status'],
    of: 'node',
    help: 'Calls of the API from callers with valid credentials, by name and class of the HTTP status: 2xx, 4xx or 5xx.',
  },
  backup_sync_operations_total: {
    type: 'counter',
    labels: ['kind', 'result', 'reason'],
    of: 'node',
    help: 'Operations that this node has ended, with the reason of those that failed. One that nobody was left to end is counted by the node that finds it.',
  },
  backup_sync_storage_requests_total: {
    type: 'counter',
    labels: ['bucket', 'kind', 'result'],
    of: 'node',
    help: 'Requests to storage: list for a page of a listing, get for an object or its head. The result is ok, or why the request failed. Without a bucket: those to all buckets after the first 200.',
  },
  backup_sync_storage_throttled_total: {
    type: 'counter',
    labels: ['bucket'],
    of: 'node',
    help: 'Requests to which storage answered that there are too many. They are made again more slowly.',
  },
  backup_sync_proved_bytes_total: {
    type: 'counter',
    labels: ['level'],
    of: 'node',
    help: 'Stored bytes of the links that were proved to each level, not counting the levels before it.',
  },
  backup_sync_data_directory_size_bytes: {
    type: 'gauge',
    labels: [],
    of: 'node',
    help: 'Size of the file system with the data directory. None if the catalogue is in a database.',
  },
  backup_sync_data_directory_available_bytes: {
    type: 'gauge',
    labels: [],
    of: 'node',
    help: 'Space that is left on this file system for the server. None if the catalogue is in a database.',
  },
  backup_sync_catalogue_read: {
    type: 'gauge',
    labels: [],
    of: 'node',
    help: '1 if the catalogue was read for this answer. If 0, all metrics of the catalogue are missing.',
  },
  backup_sync_catalogue_size_bytes: {
    type: 'gauge',
    labels: [],
    of: 'catalogue',
    help: 'Size of the database with the catalogue.',
  },
  backup_sync_project_info: {
    type: 'gauge',
    labels: ['project', 'project_name'],
    of: 'catalogue',
    help: 'Always 1. The name of each project; other metrics have only its id.',
  },
  backup_sync_backups: {
    type: 'gauge',
    labels: ['project', 'status'],
    of: 'catalogue',
    help: 'Recorded backups: available, or in error.',
  },
  backup_sync_resources: {
    type: 'gauge',
    labels: ['project'],
    of: 'catalogue',
    help: 'Resources with recorded backups, retired ones included.',
  },
  backup_sync_resource_info: {
    type: 'gauge',
    labels: ['project', 'resource', 'resource_name'],
    of: 'catalogue',
    help: 'Always 1. The name of each resource; other metrics have only its id.',
  },
  backup_sync_resource_state: {
    type: 'gauge',
    labels: ['project', 'resource', 'state'],
    of: 'catalogue',
    help: 'Always 1, for the state that the resource has now. proved: its newest backup is proved to linkage or above. failed: a newer backup than the newest proved one is in error. unproved: no backup is proved. retired: no newer backup is expected.',
  },
  backup_sync_resource_newest_proved_timestamp_seconds: {
    type: 'gauge',
    labels: ['project', 'resource', 'level'],
    of: 'catalogue',
    help: 'When the newest backup of the resource was made that is proved to this level or above, for the levels presence, linkage, content and replay. None if there is no such backup, or the resource is retired.',
  },
  backup_sync_resource_newest_proved_verified_timestamp_seconds: {
    type: 'gauge',
    labels: ['project', 'resource', 'level'],
    of: 'catalogue',
    help: 'When this backup was last proved.',
  },
  backup_sync_source_last_complete_scan_timestamp_seconds: {
    type: 'gauge',
    labels: ['project', 'source'],
    of: 'catalogue',
    help: 'Start of the newest good run of the source: it listed everything, and no import failed for a reason that may pass. None before the first.',
  },
  backup_sync_source_created_timestamp_seconds: {
    type: 'gauge',
    labels: ['project', 'source'],
    of: 'catalogue',
    help: 'When the source was added. Alerts use it for sources that never had a good run.',
  },
  backup_sync_source_interval_seconds: {
    type: 'gauge',
    labels: ['project', 'source'],
    of: 'catalogue',
    help: 'Time between two runs of the source. None if it runs only when asked, or is paused.',
  },
  backup_sync_source_held: {
    type: 'gauge',
    labels: ['project', 'source'],
    of: 'catalogue',
    help: '1 if the source waits until someone confirms that backups are gone, else 0.',
  },
  backup_sync_operations_unfinished: {
    type: 'gauge',
    labels: ['kind', 'status'],
    of: 'catalogue',
    help: 'Operations of all projects that are waiting or running.',
  },
  backup_sync_operation_age_seconds: {
    type: 'gauge',
    labels: ['status'],
    of: 'catalogue',
    help: 'Time since the oldest operation of all projects that is waiting or running was accepted; 0 if there is none.',
  },
  backup_sync_bucket_outage_began_timestamp_seconds: {
    type: 'gauge',
    labels: ['bucket', 'reason'],
    of: 'catalogue',
    help: 'When a bucket stopped answering. None while it answers.',
  },
  backup_sync_hooks: {
    type: 'gauge',
    labels: ['status'],
    of: 'catalogue',
    help: 'Hooks of all projects: active, paused, or gone, which means that the receiver answered 410.',
  },
  backup_sync_hook_deliveries: {
    type: 'gauge',
    labels: ['status'],
    of: 'catalogue',
    help: 'Events of all hooks that are waiting to be sent, or failed after the last try.',
  },
  backup_sync_series_dropped: {
    type: 'gauge',
    labels: ['subject'],
    of: 'catalogue',
    help: 'Projects, resources and sources that have no series because there are too many: those after the first 500, 5,000 and 1,000. Resources in the state failed have series first, then those in the worst state; retired ones are not counted.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metrics;

/** The labels of a metric. */
export type MetricLabels<Name extends MetricName> = Readonly<Record<(typeof metrics)[Name]['labels'][number], string>>;

/** The names of the metrics of one type and owner. */
export type MetricsOf<Of extends MetricDefinition['of'], Type extends MetricDefinition['type']> = {
  [Name in MetricName]: (typeof metrics)[Name] extends { readonly of: Of; readonly type: Type } ? Name : never;
}[MetricName];
