import { BackupSyncError } from '@backup-sync/contracts';
import type { Caller } from '../../caller.ts';
import type { Project } from '../../catalogue/identity-records.ts';
import type { Clock } from '../../clock.ts';
import type { EmbeddedIdentity } from '../embedded-identity.ts';
import type {
  Identity,
  IssuedToken,
  OperatorIdentity,
  ProjectScope,
  ProjectSwitch,
  RequestedFrom,
  ScopedProject,
  SessionIdentity,
  SignIn,
} from '../port.ts';
import { tokenMaxLength } from '../token-length.ts';
import type { KeystoneOptions } from './keystone-options.ts';
import { KeystoneSessions, type SessionServices } from './keystone-sessions.ts';
import { TokenValidation } from './token-validation.ts';

/**
 * The identity that takes users, projects and roles from Keystone. It accepts only tokens that Keystone confirms, so it
 * fails closed. Of the embedded identity only the owner of the data directory remains.
 */
export class KeystoneIdentity implements Identity, OperatorIdentity, SessionIdentity {
  readonly #local: EmbeddedIdentity;
  readonly outsideUrl: string;
  readonly #validation: TokenValidation;
  readonly #sessions: KeystoneSessions;

  constructor(
    local: EmbeddedIdentity,
    options: KeystoneOptions,
    clock: Clock,
    services: SessionServices & { readonly onFault: (error: unknown) => void },
  ) {
    this.#local = local;
    this.outsideUrl = options.url;
    this.#validation = new TokenValidation(options, clock, services.onFault);
    this.#sessions = new KeystoneSessions(options, this.#validation, services);
  }

  get project(): Project {
    return this.#local.project;
  }

  async authenticate(token: string): Promise<Caller | null> {
    const operator = await this.#operator(token);
    if (operator !== null) return operator;
    const valid = await this.#validation.validate(token);
    if (valid === null) return null;
    if (valid.opens === null) throw new BackupSyncError(valid.refusal.code, valid.refusal.message);
    return { ...valid.opens.caller, expiresAtMs: valid.expiresAtMs };
  }

  async inspectToken(token: string): Promise<IssuedToken | null> {
    if (token.length > tokenMaxLength) return null;
    if ((await this.#operator(token)) !== null) return this.#local.inspectToken(token);
    const valid = await this.#validation.validate(token);
    if (valid === null || valid.opens === null) return null;
    const { issuedAtMs, expiresAtMs, opens } = valid;
    return { issuedAtMs, expiresAtMs, ...opens, token };
  }

  projectOf(caller: Caller): Promise<ScopedProject> {
    if (caller.kind === 'system') return this.#local.projectOf(caller);
    return Promise.resolve(this.#validation.projectNamed(caller.projectId));
  }

  authenticateSigned(): Promise<Caller> {
    return Promise.reject(
      new BackupSyncError(
        'not_authenticated',
        `access keys are not accepted here; get a token from ${this.outsideUrl}`,
      ),
    );
  }

  issueToken(): Promise<IssuedToken> {
    return Promise.reject(this.#elsewhere());
  }

  signIn(request: SignIn): Promise<IssuedToken> {
    return this.#sessions.signIn(request);
  }

  async projectsOf(token: string): Promise<readonly Project[]> {
    return (await this.#sessionsOf(token)).projectsOf(token);
  }

  async switchProject(request: ProjectSwitch): Promise<IssuedToken> {
    return (await this.#sessionsOf(request.token)).switchProject(request);
  }

  async signOut(token: string, from: RequestedFrom): Promise<void> {
    await (await this.#sessionsOf(token)).signOut(token, from);
  }

  async exchangeToken(token: string, scope: ProjectScope, from: RequestedFrom): Promise<IssuedToken> {
    if ((await this.#operator(token)) === null) throw this.#elsewhere();
    return this.#local.exchangeToken(token, scope, from);
  }

  /** Accepts any project id, since the projects are not known here. */
  operator(name: string, projectId: string | null): Promise<Caller> {
    return Promise.resolve({ kind: 'system', name, projectId: projectId ?? this.project.id, role: 'administrator' });
  }

  issueSystemToken(name: string, projectId: string | null, from: RequestedFrom): Promise<IssuedToken> {
    return this.#local.issueSystemToken(name, projectId, from);
  }

  /** Does nothing: there are no users here. */
  beginUsers(): Promise<null> {
    return Promise.resolve(null);
  }

  /** Does nothing: access keys are not accepted here. */
  async checkAccessKeys(): Promise<void> {}

  async revoke(token: string, caller: Caller, from: RequestedFrom): Promise<void> {
    if ((await this.#operator(token)) === null) throw this.#elsewhere();
    await this.#local.revoke(token, caller, from);
  }

  async #sessionsOf(token: string): Promise<SessionIdentity> {
    return (await this.#operator(token)) === null ? this.#sessions : this.#local;
  }

  async #operator(token: string): Promise<Caller | null> {
    const caller = await this.#local.authenticate(token);
    return caller?.kind === 'system' ? caller : null;
  }

  #elsewhere(): BackupSyncError {
    return new BackupSyncError('identity_elsewhere', `tokens are issued and revoked at ${this.outsideUrl}`);
  }
}
