import type { CallEvent } from '../audit-records.ts';
import type { Fence } from '../fence.ts';
import type { StepInput, StepName, StepOutput } from '../steps.ts';

/** Runs steps, on a separate thread or on the calling one. */
export interface StepRunner {
  /**
   * Runs a step. Rejects with the error of the step, or with `CatalogueUnavailableError` if no step can run any more.
   */
  call<Name extends StepName>(
    step: Name,
    input: StepInput<Name>,
    event: CallEvent | null,
    fence: Fence | null,
  ): Promise<StepOutput<Name>>;
  /** Waits for the steps that were called, and closes the connection. May be called again. */
  close(): Promise<void>;
}
