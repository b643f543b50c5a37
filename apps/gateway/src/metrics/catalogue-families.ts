import { type MetricLabels, type MetricsOf, metrics } from '@backup-sync/contracts';
import type { Measured, MeasuredHead } from '@backup-sync/engine';
import type { Family } from './write-families.ts';

/** A metric of the catalogue. */
type CatalogueMetric = MetricsOf<'catalogue', 'gauge'>;

/** A series and its value. */
type SampleOf<Name extends CatalogueMetric> = { readonly labels: MetricLabels<Name>; readonly value: number };

/** The series of each metric of the catalogue. */
type CatalogueSamples = { readonly [Name in CatalogueMetric]: Iterable<SampleOf<Name>> };

/** Turns what was measured into metrics. */
export function catalogueFamilies(measured: Measured): readonly Family[] {
  return Object.entries(samplesOf(measured)).map(([name, samples]) => {
    const { type, help } = metrics[name as CatalogueMetric];
    return { name, type, help, samples };
  });
}

function samplesOf(measured: Measured): CatalogueSamples {
  const { projects, resources, sources, unfinished, oldest, outages, dropped, nowMs } = measured;
  const ofSources = sources.map((source) => ({
    ...source,
    labels: { project: source.projectId, source: source.name },
  }));
  return {
    backup_sync_catalogue_size_bytes: [{ labels: {}, value: measured.sizeBytes }],
    backup_sync_project_info: projects.flatMap(({ projectId, name }) =>
      name === null ? [] : { labels: { project: projectId, project_name: name }, value: 1 },
    ),
    backup_sync_backups: projects.flatMap(({ projectId, backups }) =>
      backups.map(({ status, count }) => ({ labels: { project: projectId, status }, value: count })),
    ),
    backup_sync_resources: projects.map(({ projectId, resources: count }) => ({
      labels: { project: projectId },
      value: count,
    })),
    backup_sync_resource_info: eachOf(resources, ({ projectId, resourceId, resourceName }) => ({
      labels: { project: projectId, resource: resourceId, resource_name: resourceName },
      value: 1,
    })),
    backup_sync_resource_state: eachOf(resources, ({ projectId, resourceId, state }) => ({
      labels: { project: projectId, resource: resourceId, state },
      value: 1,
    })),
    backup_sync_resource_newest_proved_timestamp_seconds: eachHead(resources, ({ takenAtMs }) => takenAtMs),
    backup_sync_resource_newest_proved_verified_timestamp_seconds: eachHead(
      resources,
      ({ verifiedAtMs }) => verifiedAtMs,
    ),
    backup_sync_source_last_complete_scan_timestamp_seconds: ofSources.flatMap(({ labels, lastGoodSyncAtMs }) =>
      lastGoodSyncAtMs === null ? [] : { labels, value: lastGoodSyncAtMs / 1000 },
    ),
    backup_sync_source_created_timestamp_seconds: ofSources.map(({ labels, createdAtMs }) => ({
      labels,
      value: createdAtMs / 1000,
    })),
    backup_sync_source_interval_seconds: ofSources.flatMap(({ labels, intervalS, isPaused }) =>
      intervalS === null || isPaused ? [] : { labels, value: intervalS },
    ),
    backup_sync_source_held: ofSources.map(({ labels, isHeld }) => ({ labels, value: isHeld ? 1 : 0 })),
    backup_sync_operations_unfinished: unfinished.map(({ kind, status, count }) => ({
      labels: { kind, status },
      value: count,
    })),
    backup_sync_operation_age_seconds: oldest.map(({ status, createdAtMs }) => ({
      labels: { status },
      value: createdAtMs === null ? 0 : Math.max(0, nowMs - createdAtMs) / 1000,
    })),
    backup_sync_bucket_outage_began_timestamp_seconds: outages.map(({ bucketName, fault, beganAtMs }) => ({
      labels: { bucket: bucketName, reason: fault.code },
      value: beganAtMs / 1000,
    })),
    backup_sync_hooks: measured.hooks.map(({ status, count }) => ({ labels: { status }, value: count })),
    backup_sync_hook_deliveries: measured.hookDeliveries.map(({ status, count }) => ({
      labels: { status },
      value: count,
    })),
    backup_sync_series_dropped: [
      { labels: { subject: 'projects' }, value: dropped.projects },
      { labels: { subject: 'resources' }, value: dropped.resources },
      { labels: { subject: 'sources' }, value: dropped.sources },
    ],
  };
}

/** Makes samples as they are written: for tens of thousands at once, calls would wait. */
function* eachOf<Measure, Sample>(measures: readonly Measure[], sampleOf: (measure: Measure) => Sample) {
  for (const measure of measures) yield sampleOf(measure);
}

function* eachHead(resources: Measured['resources'], timeOf: (head: MeasuredHead) => number) {
  for (const { projectId: project, resourceId: resource, state, heads } of resources) {
    if (state === 'retired') continue;
    for (const head of heads) yield { labels: { project, resource, level: head.level }, value: timeOf(head) / 1000 };
  }
}
