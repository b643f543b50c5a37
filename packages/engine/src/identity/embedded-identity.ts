import { createHash, randomBytes } from 'node:crypto';
import { BackupSyncError } from '@backup-sync/contracts';
import type { Clock } from '../clock.ts';
import type { Caller } from '../context.ts';
import { hashPassword, passwordMatches } from './password.ts';
import type { Identity, IssuedToken } from './port.ts';
import type { IdentityStore, Project, TokenRecord } from './store.ts';

const tokenLivesMs = 24 * 60 * 60 * 1000;
const administratorName = 'admin';
const firstProjectName = 'default';

/** The identity kept in the catalogue's database: users with passwords, opaque tokens stored as hashes. */
export class EmbeddedIdentity implements Identity {
  readonly #store: IdentityStore;
  readonly #clock: Clock;
  readonly #newId: () => string;
  /** The oldest project: where a token goes that names none. */
  readonly project: Project;

  private constructor(store: IdentityStore, clock: Clock, newId: () => string, project: Project) {
    this.#store = store;
    this.#clock = clock;
    this.#newId = newId;
    this.project = project;
  }

  /** Opens the identity; makes the first project where there is none. */
  static async open(store: IdentityStore, clock: Clock, newId: () => string): Promise<EmbeddedIdentity> {
    const first = { id: newId(), name: firstProjectName };
    const project = await store.begin({ project: first, nowMs: clock.nowMs() });
    return new EmbeddedIdentity(store, clock, newId, project);
  }

  /**
   * Makes the administrator where there is no user yet. `password` null: one is generated, and answered once, since it
   * is kept nowhere. Null is answered where none was generated.
   */
  async beginUsers(password: string | null): Promise<string | null> {
    // Hashing takes a while by intent: not at every start.
    if (await this.#store.hasUsers()) return null;
    const given = password ?? randomBytes(18).toString('base64url');
    const user = { id: this.#newId(), name: administratorName, passwordHash: await hashPassword(given) };
    const nowMs = this.#clock.nowMs();
    const added = await this.#store.addFirstAdministrator({ user, projectId: this.project.id, nowMs });
    return added && password === null ? given : null;
  }

  async issueToken(request: Parameters<Identity['issueToken']>[0]): Promise<IssuedToken> {
    const user = await this.#store.findUser(request.userName);
    const matches = await passwordMatches(request.password, user?.passwordHash ?? null);
    const project = request.project === null ? this.project : await this.#store.findProject(request.project);
    const role = user === null || project === null ? null : await this.#store.findRole(user.id, project.id);
    if (!matches || user === null || project === null || role === null) {
      throw new BackupSyncError('not_authenticated', 'user, password or project is not right');
    }
    return this.#save({ kind: 'user', userId: user.id, userName: user.name, project, role });
  }

  /** A token for this program's own operator on the machine, with every right in the oldest project. */
  issueSystemToken(name: string): Promise<IssuedToken> {
    const { project } = this;
    return this.#save({ kind: 'system', userId: null, userName: name, project, role: 'administrator' });
  }

  async authenticate(token: string): ReturnType<Identity['authenticate']> {
    const record = await this.#findToken(token);
    return record === null ? null : callerOf(record);
  }

  async inspectToken(token: string): Promise<IssuedToken | null> {
    const record = await this.#findToken(token);
    if (record === null) return null;
    const { issuedAtMs, expiresAtMs } = record;
    const caller = callerOf(record);
    return { token, issuedAtMs, expiresAtMs, caller, project: await this.projectOf(caller) };
  }

  async projectOf(caller: Caller): Promise<Project> {
    const project = await this.#store.findProject({ id: caller.projectId });
    if (project === null) throw new Error(`project ${caller.projectId}, for which there are credentials, is gone`);
    return project;
  }

  async exchangeToken(token: string): Promise<IssuedToken> {
    const record = await this.#findToken(token);
    if (record === null) throw new BackupSyncError('not_authenticated', 'the token is not valid, or has ended');
    const { kind, userId, userName, role } = record;
    const project = await this.projectOf(callerOf(record));
    return this.#save({ kind, userId, userName, project, role });
  }

  /** Ends a token now. */
  async revoke(token: string): Promise<void> {
    await this.#store.removeToken(hashToken(token));
  }

  async #findToken(token: string): Promise<TokenRecord | null> {
    const record = await this.#store.findToken(hashToken(token));
    return record === null || record.expiresAtMs <= this.#clock.nowMs() ? null : record;
  }

  async #save(grant: {
    readonly kind: 'user' | 'system';
    readonly userId: string | null;
    readonly userName: string;
    readonly project: Project;
    readonly role: IssuedToken['caller']['role'];
  }): Promise<IssuedToken> {
    const token = randomBytes(32).toString('base64url');
    const issuedAtMs = this.#clock.nowMs();
    const expiresAtMs = issuedAtMs + tokenLivesMs;
    const { project, ...holder } = grant;
    await this.#store.saveToken({
      ...holder,
      tokenHash: hashToken(token),
      projectId: project.id,
      issuedAtMs,
      expiresAtMs,
    });
    const caller = callerOf({ ...holder, projectId: project.id });
    return { token, issuedAtMs, expiresAtMs, project, caller };
  }
}

function callerOf(holder: Pick<TokenRecord, 'kind' | 'userName' | 'projectId' | 'role'>): Caller {
  return { kind: holder.kind, name: holder.userName, projectId: holder.projectId, role: holder.role };
}

/** Tokens have 256 random bits, so a plain hash of them cannot be guessed back. */
function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
