import type { CallInput, UnaryCallName } from '@backup-sync/contracts';
import type { AnswerOf } from './answers/answers.ts';

/** Options of every call. */
export type CallOptions = {
  /** Stops the call, which then throws the signal's reason, as `fetch` does. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Every request/response call of the API, by name, for one project. Each sends its input, without the `project_id`, and
 * returns the parsed answer.
 */
export type Calls = {
  readonly [Name in UnaryCallName]: (
    input: Omit<CallInput<Name>, 'project_id'>,
    options?: CallOptions,
  ) => Promise<AnswerOf<Name>>;
};

/** The calls that carry a batch of a list: up to 50 items, already checked. */
export type ListCalls = Pick<Calls, 'syncBackups' | 'importBackups' | 'planSync'>;
