import type { CallInput, UnaryCallName } from '@backup-sync/contracts';
import type { AnswerOf } from './answers/answers.ts';

/** What every call takes beside its input. */
export type CallOptions = { readonly signal?: AbortSignal | undefined };

/** The table of calls as one project's caller sees it, wherever it is implemented. */
export type Calls = {
  readonly [Name in UnaryCallName]: (
    input: Omit<CallInput<Name>, 'project_id'>,
    options?: CallOptions,
  ) => Promise<AnswerOf<Name>>;
};

/** The calls that lists of any length are sent by, 50 checked items each. */
export type ListCalls = Pick<Calls, 'syncBackups' | 'importBackups' | 'planSync'>;
