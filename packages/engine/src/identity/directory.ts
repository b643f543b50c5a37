import type { Role } from '@backup-sync/contracts';
import type { BucketGrant } from './grants.ts';
import type { Project } from './store.ts';

export type UserRecord = {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly disabledAtMs: number | null;
  /** By name of the project. */
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

/** What came of a change to one user. */
export type UserChange = 'done' | 'user_not_found' | 'project_not_found' | 'role_not_found' | 'last_administrator';

/**
 * Users, projects, roles and access keys, as administrators see to them. Each method is one atomic step, on disk once it
 * has answered. Names are unique; what is listed comes by name, access keys by time.
 *
 * - Nothing takes away the last administrator who may come in: `last_administrator`, and nothing is changed.
 * - Disabling a user, another password and another role end the tokens that they concern in the same step.
 * - `addProject` ends the grant of everything, and answers what it made of it: see grants.ts.
 * - `addAccessKey` answers `role_not_found` where the user has no role in the project.
 */
export interface IdentityDirectory {
  addUser(user: {
    readonly id: string;
    readonly name: string;
    readonly passwordHash: string;
    readonly nowMs: number;
  }): Promise<'added' | 'name_taken'>;
  listUsers(): Promise<readonly UserRecord[]>;
  showUser(name: string): Promise<UserRecord | null>;
  disableUser(name: string, nowMs: number): Promise<UserChange>;
  enableUser(name: string): Promise<UserChange>;
  setPassword(name: string, passwordHash: string): Promise<UserChange>;
  removeUser(name: string): Promise<UserChange>;
  assignRole(userName: string, projectId: string, role: Role): Promise<UserChange>;
  withdrawRole(userName: string, projectId: string): Promise<UserChange>;
  addProject(project: ProjectRecord): Promise<readonly BucketGrant[] | 'name_taken'>;
  listProjects(): Promise<readonly ProjectRecord[]>;
  addAccessKey(key: {
    readonly accessKey: string;
    readonly userName: string;
    readonly projectId: string;
    readonly sealedSecret: string;
    readonly nowMs: number;
  }): Promise<'added' | 'user_not_found' | 'role_not_found'>;
  listAccessKeys(): Promise<readonly AccessKeyRecord[]>;
  disableAccessKey(accessKey: string, nowMs: number): Promise<AccessKeyRecord | null>;
}
