import { createHash, randomBytes } from 'node:crypto';
import { BackupSyncError, type ErrorCode, type Role } from '@backup-sync/contracts';
import { RefusalLimit } from '../audit/refusal-limit.ts';
import type { Caller } from '../caller.ts';
import type { AuditSubject } from '../catalogue/audit-records.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import {
  type Project,
  type Signer,
  signerOf,
  type TokenGround,
  type TokenRecord,
  type User,
} from '../catalogue/identity-records.ts';
import type { Clock } from '../clock.ts';
import type { GuessLimits } from './guess-limits.ts';
import { LocalGuessLimits } from './local-guess-limits.ts';
import { onceAMinute } from './once-a-minute.ts';
import { OperatorTokens } from './operator-tokens.ts';
import { hashPassword, passwordMatches } from './password.ts';
import {
  badToken,
  type Identity,
  type IssuedToken,
  noRoleIn,
  type OperatorIdentity,
  ownDomain,
  type ProjectScope,
  type ProjectSwitch,
  type RequestedFrom,
  type ScopedProject,
  type SessionIdentity,
  type SignIn,
  type TokenRequest,
  wrongCredentials,
} from './port.ts';
import type { SecretSeal } from './secret-seal.ts';
import { badSignature, isSignedWith, readSignature, type SignedRequest } from './signed-request.ts';
import { TokenAudit } from './token-audit.ts';
import { refuseLongToken, tokenMaxLength } from './token-length.ts';

const tokenLivesMs = 24 * 60 * 60 * 1000;
const administratorName = 'admin';
const firstProjectName = 'default';

export type EmbeddedIdentityOptions = {
  readonly catalogue: Catalogue;
  readonly seal: SecretSeal;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Called at most once a minute with the reason why valid access keys cannot be used. */
  readonly onFault: (error: unknown) => void;
  /** Set if other nodes use the same catalogue. */
  readonly ofNodes?:
    | {
        /** The limits of wrong passwords that all nodes share. */
        readonly guesses: GuessLimits;
      }
    | undefined;
};

/** The identity kept in the catalogue's database: users with passwords, opaque tokens stored as hashes. */
export class EmbeddedIdentity implements Identity, OperatorIdentity, SessionIdentity {
  readonly #catalogue: Pick<Catalogue, 'change' | 'directory'>;
  readonly #store: Catalogue['identity'];
  readonly #audit: TokenAudit;
  readonly #seal: SecretSeal;
  readonly #guesses: GuessLimits;
  readonly #refusals: RefusalLimit;
  readonly #operatorTokens: OperatorTokens;
  readonly #hasOtherNodes: boolean;
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #onFault: (error: unknown) => void;
  readonly outsideUrl = null;
  /** The oldest project. Tokens for no named project are for this one. */
  readonly project: Project;

  private constructor({ catalogue, seal, clock, newId, onFault, ofNodes }: EmbeddedIdentityOptions, project: Project) {
    this.#catalogue = catalogue;
    this.#store = catalogue.identity;
    this.#audit = new TokenAudit(catalogue, clock, newId);
    this.#seal = seal;
    this.#clock = clock;
    this.#newId = newId;
    this.#onFault = onceAMinute(clock, onFault);
    this.#guesses = ofNodes?.guesses ?? new LocalGuessLimits(clock);
    this.#refusals = new RefusalLimit(clock);
    this.#operatorTokens = new OperatorTokens(clock, tokenLivesMs);
    this.#hasOtherNodes = ofNodes !== undefined;
    this.project = project;
  }

  /** Opens the identity. Creates the first project if there is none. */
  static async open(options: EmbeddedIdentityOptions): Promise<EmbeddedIdentity> {
    const first = { id: options.newId(), name: firstProjectName };
    // Read first: a process that only reads must not write.
    const project =
      (await options.catalogue.identity.findOldestProject()) ??
      (await options.catalogue.identity.begin({ project: first, nowMs: options.clock.nowMs() }));
    return new EmbeddedIdentity(options, project);
  }

  /**
   * Creates the administrator if there is no user yet. If `password` is null, generates one and returns it; it is
   * stored nowhere. Returns null if none was generated.
   */
  async beginUsers(operatorName: string, password: string | null, from: RequestedFrom): Promise<string | null> {
    // Checked first: hashing is slow on purpose, so it must not run at every start.
    if (await this.#store.hasUsers()) return null;
    const given = password ?? randomBytes(18).toString('base64url');
    const user = { id: this.#newId(), name: administratorName, passwordHash: await hashPassword(given) };
    const nowMs = this.#clock.nowMs();
    const operator = await this.operator(operatorName, null);
    const subjects = [
      { field: 'name', value: administratorName },
      { field: 'role', value: 'administrator' },
      { field: 'target_project_id', value: operator.projectId },
    ];
    const first = { user, projectId: operator.projectId, nowMs };
    const made = this.#audit.eventOf('createUser', operator, from, subjects);
    const { answer: isAdded } = await this.#catalogue.change(made, 'addFirstAdministrator', first);
    if (!isAdded) await this.#audit.refused('createUser', operator, from, 'user_name_taken', subjects);
    return isAdded && password === null ? given : null;
  }

  async issueToken(request: TokenRequest): Promise<IssuedToken> {
    const { userName, from } = request;
    const guess = await this.#guesses.begin(userName, from.origin.address);
    const refused = async (code: ErrorCode) => {
      // Throttled attempts leave no event: anyone who guesses could fill the disk.
      await this.#audit.refused('issueToken', { kind: 'user', name: userName, projectId: '' }, from, code);
    };
    let issued: IssuedToken | null;
    try {
      issued = await this.#tryPassword(request);
    } catch (error) {
      // Whatever stopped the attempt, it was no wrong password.
      await guess.wasUnanswered();
      await refused(error instanceof BackupSyncError ? error.code : 'internal');
      throw error;
    }
    if (issued === null) {
      await refused('not_authenticated');
      throw wrongCredentials();
    }
    await guess.wasRight();
    return issued;
  }

  /** Issues a token for a password. Returns null if the user, the password or the project is wrong. */
  async #tryPassword(request: TokenRequest): Promise<IssuedToken | null> {
    const user = await this.#store.findUser(request.userName);
    const matches = await passwordMatches(request.password, user?.passwordHash ?? null);
    const project = await this.#projectFor(request.project, user);
    // Read in any case, so that the response time does not reveal what was wrong.
    const role = await this.#store.findRole(user?.id ?? '', project?.id ?? '');
    if (!matches || user === null || user.disabledAtMs !== null || project === null || role === null) return null;
    const { passwordHash } = user;
    const holder = { kind: 'user', userId: user.id, userName: user.name, project, role } as const;
    // Null if the user was disabled, or got another password, while the password was hashed.
    return this.#save(holder, { kind: 'password', passwordHash }, null, request.from);
  }

  async #projectFor(scope: TokenRequest['project'], user: User | null): Promise<Project | null> {
    if (scope === null) return this.project;
    if (scope !== 'any') return this.#findProject(scope);
    const projects = await this.#store.listProjectsOf(user?.id ?? '');
    return projects.find(({ id }) => id === this.project.id) ?? projects[0] ?? null;
  }

  signIn({ domainName, projectName, ...user }: SignIn): Promise<IssuedToken> {
    const isHere = domainName === null || domainName.toLowerCase() === ownDomain.name.toLowerCase();
    const wanted = projectName === null ? 'any' : { name: projectName };
    return this.issueToken({ ...user, project: isHere ? wanted : 'elsewhere' });
  }

  async projectsOf(token: string): Promise<readonly Project[]> {
    const record = await this.#findToken(token);
    if (record === null) throw badToken();
    if (record.userId !== null) return this.#store.listProjectsOf(record.userId);
    return (await this.#catalogue.directory.listProjects()).map(({ id, name }) => ({ id, name }));
  }

  async switchProject({ token, projectId, from }: ProjectSwitch): Promise<IssuedToken> {
    const record = await this.#findToken(token);
    if (record === null) throw badToken();
    let issued: IssuedToken;
    try {
      issued = await this.exchangeToken(token, { id: projectId }, from);
    } catch (error) {
      const isRefused = error instanceof BackupSyncError && error.code === 'not_authenticated';
      throw isRefused && (await this.#findToken(token)) !== null ? noRoleIn(projectId) : error;
    }
    await this.revoke(token, callerOf(record), from);
    return issued;
  }

  async signOut(token: string, from: RequestedFrom): Promise<void> {
    const record = await this.#findToken(token);
    if (record !== null) await this.revoke(token, callerOf(record), from);
  }

  async operator(name: string, projectId: string | null): Promise<Caller> {
    const project = await this.#projectOrOldest(projectId);
    return { kind: 'system', name, projectId: project.id, role: 'administrator' };
  }

  async issueSystemToken(name: string, projectId: string | null, from: RequestedFrom): Promise<IssuedToken> {
    const project = await this.#projectOrOldest(projectId);
    const holder = { kind: 'system', userId: null, userName: name, project, role: 'administrator' } as const;
    const issued = await this.#save(holder, { kind: 'operator' }, null, from);
    if (issued === null) throw new Error('the operator token was not saved');
    const { token, issuedAtMs, expiresAtMs } = issued;
    const { kind, userId, userName, role } = holder;
    const record = { kind, userId, userName, role, projectId: project.id, issuedAtMs, expiresAtMs };
    // Another node must be able to end the token, so it is not remembered here.
    if (!this.#hasOtherNodes) this.#operatorTokens.add({ ...record, tokenHash: hashToken(token) });
    return issued;
  }

  async #projectOrOldest(id: string | null): Promise<Project> {
    const project = id === null ? this.project : await this.#store.findProject({ id });
    if (project !== null) return project;
    throw new BackupSyncError('project_not_found', `there is no project ${JSON.stringify(id)}`);
  }

  async authenticate(token: string): ReturnType<Identity['authenticate']> {
    refuseLongToken(token);
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

  async projectOf(caller: Caller): Promise<ScopedProject> {
    const project = await this.#store.findProject({ id: caller.projectId });
    if (project === null) throw new Error(`there are credentials for project ${caller.projectId}, but it is gone`);
    return { ...project, domain: ownDomain };
  }

  async authenticateSigned(request: SignedRequest): Promise<Caller> {
    // The signer dates the request, so the date is compared with the wall clock.
    const signature = readSignature(request, this.#clock.nowMs());
    const signer = signerOf(await this.#store.seekSigner(signature.accessKey));
    // If there is no such key, do the same work with a secret that nobody has.
    const secretKey = signer === null ? await this.#seal.unsealNobodys() : await this.#unseal(signer);
    const isRight = isSignedWith(secretKey, signature);
    if (signer === null || !isRight) throw badSignature();
    return { kind: 'user', name: signer.userName, projectId: signer.projectId, role: signer.role };
  }

  async #unseal({ sealedSecret, accessKey }: Signer): Promise<string> {
    try {
      return await this.#seal.unseal(sealedSecret, accessKey);
    } catch (cause) {
      this.#onFault(cause);
      const message = `the server cannot check signatures of access key ${accessKey}; its operator was notified`;
      throw new BackupSyncError('unavailable', message, { cause });
    }
  }

  checkAccessKeys(): Promise<void> {
    return this.#seal.check();
  }

  async exchangeToken(token: string, scope: ProjectScope, from: RequestedFrom): Promise<IssuedToken> {
    const record = await this.#findToken(token);
    if (record === null) throw badToken();
    const issued = await this.#exchange(record, scope, from);
    if (issued === null) {
      const caller = callerOf(record);
      if (this.#refusals.isWritten(caller)) {
        await this.#audit.refused('issueToken', caller, from, 'not_authenticated', wantedBy(scope));
      }
      throw badToken();
    }
    return issued;
  }

  /** Returns null if the holder has no role in the project, or the token has ended meanwhile. */
  async #exchange(record: TokenRecord, scope: ProjectScope, from: RequestedFrom): Promise<IssuedToken | null> {
    const project = await this.#findProject(scope ?? { id: record.projectId });
    const role = project === null ? null : await this.#roleIn(record, project);
    if (project === null || role === null) return null;
    const { kind, userId, userName, tokenHash, expiresAtMs } = record;
    // Looked up again, in the same turn of the event loop as the step that saves. A token revoked meanwhile is no
    // longer known as the operator's, and the catalogue removes it before the step looks for it.
    const operators = this.#operatorTokens.find(tokenHash);
    if (operators === null) return null;
    const isOperators = operators !== undefined;
    return this.#save(
      { kind, userId, userName, project, role },
      // The store uses the wall clock, which may have been set since the operator's token was issued.
      isOperators ? { kind: 'operator' } : { kind: 'token', tokenHash },
      isOperators && expiresAtMs <= this.#clock.nowMs() ? null : expiresAtMs,
      from,
    );
  }

  async revoke(token: string, caller: Caller, from: RequestedFrom): Promise<void> {
    const record = await this.#findToken(token);
    const holders = record === null ? [] : [{ field: 'user_name', value: record.userName }];
    const tokenHash = hashToken(token);
    // In the same turn of the event loop as the step, so that an exchange comes before both or after both.
    this.#operatorTokens.remove(tokenHash);
    await this.#catalogue.change(this.#audit.eventOf('revokeToken', caller, from, holders), 'removeToken', tokenHash);
  }

  async #findProject(scope: NonNullable<ProjectScope>): Promise<Project | null> {
    return scope === 'elsewhere' ? null : this.#store.findProject(scope);
  }

  async #findToken(token: string): Promise<TokenRecord | null> {
    if (token.length > tokenMaxLength) return null;
    const tokenHash = hashToken(token);
    const operators = this.#operatorTokens.find(tokenHash);
    if (operators !== undefined) return operators;
    return this.#store.findToken(tokenHash, this.#clock.nowMs());
  }

  /** The role of a token's holder in a project. The owner of the data directory is administrator in each. */
  async #roleIn({ userId }: TokenRecord, project: Project): Promise<Role | null> {
    return userId === null ? 'administrator' : this.#store.findRole(userId, project.id);
  }

  /**
   * Saves a new token and the event that it was issued. If `endsAtMs` is null, it expires in 24 hours. Returns null,
   * and writes nothing, if the condition for the token no longer holds.
   */
  async #save(
    holder: Pick<TokenRecord, 'kind' | 'userId' | 'userName' | 'role'> & { readonly project: Project },
    ground: TokenGround,
    endsAtMs: number | null,
    from: RequestedFrom,
  ): Promise<IssuedToken | null> {
    const token = randomBytes(32).toString('base64url');
    const issuedAtMs = this.#clock.nowMs();
    const expiresAtMs = endsAtMs ?? issuedAtMs + tokenLivesMs;
    const { project, kind, userId, userName, role } = holder;
    const times = { issuedAtMs, expiresAtMs };
    const record = { kind, userId, userName, role, tokenHash: hashToken(token), projectId: project.id, ...times };
    const caller = callerOf(record);
    const event = this.#audit.eventOf('issueToken', caller, from);
    const { answer: isKept } = await this.#catalogue.change(event, 'saveToken', record, ground);
    return isKept ? { token, ...times, project: { ...project, domain: ownDomain }, caller } : null;
  }
}

function callerOf({ kind, userName, projectId, role, expiresAtMs }: TokenRecord): Caller {
  return { kind, name: userName, projectId, role, expiresAtMs };
}

/** The requested project of a token, as it was named. */
function wantedBy(scope: ProjectScope): readonly AuditSubject[] {
  if (scope === null || scope === 'elsewhere') return [];
  return ['id' in scope ? { field: 'target_project_id', value: scope.id } : { field: 'name', value: scope.name }];
}

/** Hashes a token. Tokens have 256 random bits, so guessing cannot reverse a plain hash. */
function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
