import type { Caller } from '../context.ts';
import type { Project } from './store.ts';

/** A token as it is handed out, once. */
export type IssuedToken = {
  readonly token: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly project: Project;
  readonly caller: Caller;
};

export type TokenRequest = {
  readonly userName: string;
  readonly password: string;
  /** Where none is named: the oldest project. */
  readonly project: { readonly id: string } | { readonly name: string } | null;
};

/**
 * Who may call. Doors ask it; the engine authorises what it answers.
 *
 * - `issueToken` throws `not_authenticated` alike for an unknown user, a wrong password and a project that the user has
 *   no role in: whoever guesses learns nothing.
 * - `exchangeToken` gives a fresh token for the same caller and project; `not_authenticated` where the old one is not valid.
 * - `authenticate` and `inspectToken` answer null for a token that is unknown or has ended.
 * - `projectOf` answers the project that a caller may act in.
 */
export interface Identity {
  issueToken(request: TokenRequest): Promise<IssuedToken>;
  authenticate(token: string): Promise<Caller | null>;
  inspectToken(token: string): Promise<IssuedToken | null>;
  projectOf(caller: Caller): Promise<Project>;
  exchangeToken(token: string): Promise<IssuedToken>;
}
