import type { Role } from '@backup-sync/contracts';
import type { Project } from './identity-records.ts';

export type UserRecord = {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly disabledAtMs: number | null;
  /** Sorted by the name of the project. */
  readonly roles: readonly { readonly projectId: string; readonly projectName: string; readonly role: Role }[];
};

export type ProjectRecord = Project & { readonly createdAtMs: number };

export type AccessKeyRecord = {
  readonly accessKey: string;
  readonly userName: string;
  readonly projectId: string;
  readonly createdAtMs: number;
  readonly disabledAtMs: number | null;
};

/** The result of a change to one user. Nothing was changed unless it is `done`. */
export type UserChange = 'done' | 'user_not_found' | 'project_not_found' | 'role_not_found' | 'last_administrator';
