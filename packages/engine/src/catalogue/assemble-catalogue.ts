import type { CallEvent } from './audit-records.ts';
import type { Catalogue, Stores } from './catalogue.ts';
import type { Fence } from './fence.ts';
import { fenceOf, isDone } from './run-step.ts';
import { type StepInput, type StepName, type StepOutput, stores } from './steps.ts';

/** Runs a step with its arguments, for the call whose event this is and within the fence of a worker, if any. */
export type Ask = <Name extends StepName>(
  name: Name,
  input: StepInput<Name>,
  event: CallEvent | null,
  fence: Fence | null,
) => Promise<StepOutput<Name>>;

/** The methods of a catalogue that its driver supplies. */
type OfDriver = Pick<Catalogue, 'onEvents' | 'onDue' | typeof Symbol.asyncDispose>;

/** Makes a catalogue. Most of its methods follow from its steps. */
export function assembleCatalogue(ask: Ask, ofDriver: OfDriver): Catalogue {
  const catalogueWithin = (fence: Fence | null): Catalogue => ({
    ...mapStores(
      <Name extends StepName>(name: Name) =>
        (...input: StepInput<Name>): Promise<StepOutput<Name>> =>
          ask(name, input, null, fenceOf(name, fence)),
    ),
    change: async (event, name, ...input) => {
      const answer = await ask(name, input, event, fenceOf(name, fence));
      return { answer, isRecorded: isDone(name, answer, input) };
    },
    fenced: catalogueWithin,
    ...ofDriver,
  });
  return catalogueWithin(null);
}

/** All stores, with each step replaced by the result of `step`. */
function mapStores(step: (name: StepName) => unknown): Stores {
  const ofStores = Object.entries(stores).map(([store, ofStore]) => [
    store,
    Object.fromEntries(Object.keys(ofStore).map((name) => [name, step(name as StepName)])),
  ]);
  // TypeScript cannot track the names through `Object.entries`.
  return Object.fromEntries(ofStores) as Stores;
}
