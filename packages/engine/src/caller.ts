import type { Role } from '@backup-sync/contracts';

/** The caller of a call: a user with a token (`user`), or a command on the machine itself (`system`). */
export type Caller = {
  readonly kind: 'user' | 'system';
  readonly name: string;
  /** The only project in which the caller may act. */
  readonly projectId: string;
  readonly role: Role;
  /** When the token expires, milliseconds since 1970. Absent if the credentials do not expire. */
  readonly expiresAtMs?: number;
};
