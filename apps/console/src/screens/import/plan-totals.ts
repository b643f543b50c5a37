import type { PlanClass, PlannedItem, PlanSyncAnswer, SyncForecast } from '@backup-sync/contracts';

/** The classes of a plan, worst first. The compiler finds one that is missing here. */
const order: Readonly<Record<PlanClass, null>> = {
  broken: null,
  conflicting: null,
  vanished: null,
  absent: null,
  unreadable: null,
  incomplete: null,
  changed: null,
  moved: null,
  new: null,
  copy: null,
  forgotten: null,
  same: null,
};
export const classesWorstFirst = Object.keys(order) as readonly PlanClass[];

/** A planned item, with the index of its item in the list. */
export type PlannedRow = { readonly index: number; readonly planned: PlannedItem };

/** What importing the list would do, as far as it is planned. */
export type PlanTotals = {
  readonly planned: number;
  readonly classes: { readonly [Class in PlanClass]?: number };
  readonly forecast: SyncForecast;
};

export const noTotals: PlanTotals = {
  planned: 0,
  classes: {},
  forecast: { lists: 0, gets: 0, bytes_read: 0, seconds: 0 },
};

/** The totals with one more answer. A time that is not known for a part is not known for the whole. */
export function withAnswer(totals: PlanTotals, { plan, forecast }: PlanSyncAnswer): PlanTotals {
  const classes: { [Class in PlanClass]?: number } = { ...totals.classes };
  for (const { class: planned } of plan) classes[planned] = (classes[planned] ?? 0) + 1;
  const { lists, gets, bytes_read, seconds } = totals.forecast;
  return {
    planned: totals.planned + plan.length,
    classes,
    forecast: {
      lists: lists + forecast.lists,
      gets: gets + forecast.gets,
      bytes_read: bytes_read + forecast.bytes_read,
      seconds: seconds === null || forecast.seconds === null ? null : seconds + forecast.seconds,
    },
  };
}

/** The rows in the order in which a person needs them: the worst class first, then the order of the list. */
export function sortedRows(planned: readonly PlannedItem[], only: PlanClass | undefined): readonly PlannedRow[] {
  const rowsOf = new Map<PlanClass, PlannedRow[]>(classesWorstFirst.map((each) => [each, []]));
  for (const [index, item] of planned.entries()) rowsOf.get(item.class)?.push({ index, planned: item });
  return only === undefined ? [...rowsOf.values()].flat() : (rowsOf.get(only) ?? []);
}
