import type { StepInput, StepName } from '../../catalogue/steps.ts';

/** A step with its arguments, to be run at the same time as others. */
export type PairScenario = {
  readonly name: string;
  readonly step: StepName;
  readonly input: readonly unknown[];
};

/** `what` tells scenarios of the same step apart. */
export function scenario<Name extends StepName>(step: Name, what: string, ...input: StepInput<Name>): PairScenario {
  return { name: what === '' ? step : `${step} (${what})`, step, input };
}
