import type { CallEvent } from '../audit-records.ts';
import type { StepInput, StepName, StepOutput } from '../steps.ts';

/** Where steps run: on a thread of their own, or on the one that asks. */
export interface StepRunner {
  /** Runs a step. Rejects with what the step threw, or with `CatalogueUnavailableError` where none can run any more. */
  call<Name extends StepName>(step: Name, input: StepInput<Name>, event: CallEvent | null): Promise<StepOutput<Name>>;
  /** Lets what was asked for finish, and closes the connection. May be called again. */
  close(): Promise<void>;
}
