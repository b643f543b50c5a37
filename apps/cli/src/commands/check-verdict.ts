import { goodText, lateText, nothingText, type Resource, type VerificationLevel } from '@backup-sync/contracts';
import { type PerformanceDatum, type PluginState, pluginLabel, pluginName } from './plugin-output.ts';
import { newestAge } from './resource-age.ts';

export type CheckLimits = {
  /** Seconds; null for none. */
  readonly warning: number | null;
  /** Seconds. */
  readonly critical: number;
  readonly minLevel: VerificationLevel;
  /** Whether backups count that are proved to their ceiling, though it is lower. */
  readonly acceptsCeiling: boolean;
  /** Ids or names of resources to leave out. */
  readonly exclude: readonly string[];
};

type CheckedResource = Pick<
  Resource,
  'resource_id' | 'resource_name' | 'newest_proved_age_s' | 'newest_proved_at_source' | 'retired_at'
>;

type ResourceState = 'OK' | 'WARNING' | 'CRITICAL' | 'RETIRED';

export type Verdict = {
  readonly state: PluginState;
  readonly message: string;
  readonly performance: readonly PerformanceDatum[];
  /** The resources that are not excluded, in the order of the answer. */
  readonly states: readonly { readonly resource: CheckedResource; readonly state: ResourceState }[];
};

/** Maximum number of late resources of each state that the message names. */
const namedMax = 5;
/** Maximum number of resources with their ages in the performance data, oldest first: monitors cut long lines. */
const agesMax = 20;

/** Judges the ages of the newest proved backups. Having no resource at all is as bad as a resource without a backup. */
export function judge(resources: readonly CheckedResource[], limits: CheckLimits): Verdict {
  const { warning, critical, exclude } = limits;
  const isExcluded = ({ resource_id, resource_name }: CheckedResource, names = exclude) =>
    names.includes(resource_id) || names.includes(resource_name);
  const states = resources
    .filter((resource) => !isExcluded(resource))
    .map((resource) => ({ resource, state: stateOf(resource, limits) }));
  const of = (state: ResourceState) =>
    states
      .filter((each) => each.state === state)
      .map(({ resource }) => resource)
      .toSorted(byAge);
  const [late, aging, good, retired] = [of('CRITICAL'), of('WARNING'), of('OK'), of('RETIRED')];
  const checked = [...late, ...aging, ...good];

  const { minLevel: level, acceptsCeiling } = limits;
  const parts: string[] = [];
  if (late.length > 0) {
    parts.push(
      `${lateText(late.length, checked.length, { level, acceptsCeiling, maxAgeS: critical })}: ${namesOf(late)}`,
    );
  }
  if (aging.length > 0) {
    parts.push(
      `${lateText(aging.length, checked.length, { level, acceptsCeiling, maxAgeS: warning })}: ${namesOf(aging)}`,
    );
  }
  const [oldest] = good;
  if (checked.length === good.length && oldest !== undefined) {
    const all = goodText(good.length, { level, acceptsCeiling, maxAgeS: warning ?? critical });
    parts.push(`${all}; maximum age ${newestAge(oldest)}`);
  }
  if (checked.length === 0) parts.push(nothingText(resources.length));
  const unmatched = exclude.filter((name) => !resources.some((resource) => isExcluded(resource, [name])));
  const counts = [
    ...(parts.length > 0 && checked.length > good.length && good.length > 0 ? [`${good.length} OK`] : []),
    ...(retired.length > 0 ? [`${retired.length} retired`] : []),
    ...(states.length < resources.length ? [`${resources.length - states.length} excluded`] : []),
    ...unmatched.map((name) => {
      const isInOtherForm = resources.some((each) => nameOf(each).normalize() === name.normalize());
      const remark = isInOtherForm ? ' (a resource has this name in another Unicode normalisation)' : '';
      return `no resource to exclude is called ${JSON.stringify(pluginName(name))}${remark}`;
    }),
  ];
  if (counts.length > 0) parts.push(counts.join(', '));

  const age = { warning, critical };
  const [worst] = checked;
  const performance: PerformanceDatum[] = [
    { label: 'resources', value: checked.length },
    { label: 'critical', value: late.length },
    { label: 'warning', value: aging.length },
    { label: 'retired', value: retired.length },
    ...(worst === undefined ? [] : [{ label: 'oldest', value: oldestAge(checked), age }]),
  ];
  const labelOf = labelsFor(checked, performance);
  for (const resource of checked.slice(0, agesMax)) {
    const label = labelOf(resource);
    if (label !== null) performance.push({ label, value: resource.newest_proved_age_s, age });
  }
  const isBad = late.length > 0 || resources.length === 0;
  // If everything is excluded, nothing was checked.
  const isIdle = checked.length === 0 && retired.length === 0;
  const state = isBad ? 'CRITICAL' : isIdle ? 'UNKNOWN' : aging.length > 0 ? 'WARNING' : 'OK';
  return { state, message: parts.join('; '), performance, states };
}

function stateOf(resource: CheckedResource, { warning, critical }: CheckLimits): ResourceState {
  const { newest_proved_age_s: ageS, retired_at: retiredAt } = resource;
  if (retiredAt !== null) return 'RETIRED';
  if (ageS === null || ageS > critical) return 'CRITICAL';
  return warning !== null && ageS > warning ? 'WARNING' : 'OK';
}

/** Worst first: without a backup, then the oldest. */
function byAge(one: CheckedResource, other: CheckedResource): number {
  const [oneAgeS, otherAgeS] = [one.newest_proved_age_s, other.newest_proved_age_s];
  if (oneAgeS === null || otherAgeS === null) return Number(otherAgeS === null) - Number(oneAgeS === null);
  return otherAgeS - oneAgeS;
}

/** The greatest age; null if a resource has none, since then no age is the greatest. */
function oldestAge(checked: readonly CheckedResource[]): number | null {
  return checked[0]?.newest_proved_age_s ?? null;
}

function namesOf(late: readonly CheckedResource[]): string {
  const named = late.slice(0, namedMax).map((resource) => {
    const age = newestAge(resource);
    return `${pluginName(nameOf(resource))} (${age === null ? 'no proved backup' : `${age} old`})`;
  });
  return `${named.join(', ')}${late.length > namedMax ? `, and ${late.length - namedMax} more` : ''}`;
}

/**
 * Chooses a unique label for the age of each resource. Monitors keep figures by label, so the label must not depend on
 * which resource is the oldest today. Null if not even the id is unique.
 */
function labelsFor(checked: readonly CheckedResource[], others: readonly PerformanceDatum[]) {
  const labelsOf = (resource: CheckedResource) => {
    const [name, id] = [nameOf(resource), resource.resource_id];
    return [name, `${name} (${id})`, id].map(pluginLabel);
  };
  const holders = new Map<string, number>(others.map(({ label }) => [label, 1]));
  for (const resource of checked) {
    for (const label of new Set(labelsOf(resource))) holders.set(label, (holders.get(label) ?? 0) + 1);
  }
  return (resource: CheckedResource): string | null =>
    labelsOf(resource).find((label) => holders.get(label) === 1) ?? null;
}

function nameOf({ resource_id, resource_name }: CheckedResource): string {
  return resource_name.trim() === '' ? resource_id : resource_name;
}
