import type { CallName, OperationInput } from '@backup-sync/contracts';
import type { AnswerOf } from './answers/answers.ts';

/** What every call takes beside its input. */
export type CallOptions = { readonly signal?: AbortSignal | undefined };

/** The table of operations as one project's caller sees it, wherever it is implemented. */
export type Operations = {
  readonly [Name in CallName]: (
    input: Omit<OperationInput<Name>, 'project_id'>,
    options?: CallOptions,
  ) => Promise<AnswerOf<Name>>;
};

/** The verbs that lists of any length are sent by, 50 checked items a call. */
export type ListCalls = Pick<Operations, 'syncBackups' | 'importBackups' | 'planSync'>;
