import { BackupSyncError, keystoneProjects, keystoneToken } from '@backup-sync/contracts';
import type { RefusalLimit } from '../../audit/refusal-limit.ts';
import type { Caller } from '../../caller.ts';
import type { Project } from '../../catalogue/identity-records.ts';
import type { Guess, GuessLimits } from '../guess-limits.ts';
import {
  badToken,
  type IssuedToken,
  noRoleIn,
  ownDomain,
  type ProjectSwitch,
  type RequestedFrom,
  type SessionIdentity,
  type SignIn,
  wrongCredentials,
} from '../port.ts';
import type { TokenAudit } from '../token-audit.ts';
import type { KeystoneOptions } from './keystone-options.ts';
import { askKeystone, type KeystoneAnswer } from './keystone-request.ts';
import type { TokenValidation, ValidToken } from './token-validation.ts';

/** Maximum number of projects that are tried for a user who names none and has no default project. */
const triedProjectsMax = 20;

/** What {@link KeystoneSessions} uses of this installation. */
export type SessionServices = {
  readonly audit: TokenAudit;
  readonly guesses: GuessLimits;
  readonly refusals: RefusalLimit;
};

/** A token that Keystone has issued, with what it gives access to here. */
type Issued = { readonly token: string; readonly valid: ValidToken };

/** Tokens of Keystone for people who give their password here, in the web console. Passwords are not kept. */
export class KeystoneSessions implements SessionIdentity {
  readonly #options: KeystoneOptions;
  readonly #validation: TokenValidation;
  readonly #audit: TokenAudit;
  readonly #guesses: GuessLimits;
  readonly #refusals: RefusalLimit;

  constructor(options: KeystoneOptions, validation: TokenValidation, { audit, guesses, refusals }: SessionServices) {
    this.#options = options;
    this.#validation = validation;
    this.#audit = audit;
    this.#guesses = guesses;
    this.#refusals = refusals;
  }

  signIn({ from, userName, password, domainName, projectName }: SignIn): Promise<IssuedToken> {
    const isDefault = domainName === null || domainName.toLowerCase() === ownDomain.name.toLowerCase();
    const domain = isDefault ? { id: ownDomain.id } : { name: domainName };
    const identity = { methods: ['password'], password: { user: { name: userName, domain, password } } };
    const scope = projectName === null ? null : { project: { name: projectName, domain } };
    const typed = isDefault ? userName : `${userName}@${domainName}`;
    return this.#audited({ kind: 'user', name: typed, projectId: '' }, from, async () => {
      const guessed = guessedUser(isDefault ? ownDomain.name : domainName, userName);
      const guess = await this.#guesses.begin(guessed, from.origin.address);
      const issued = await this.#tryGuess(guess, { identity, ...(scope !== null && { scope }) });
      if (issued === null) throw wrongCredentials();
      // A user without a default project gets a token without one.
      return issued.valid.opens === null && issued.valid.refusal.code === 'token_without_project'
        ? this.#firstThatOpens(issued.token).finally(() => this.#discard(issued.token))
        : this.#open(issued);
    });
  }

  async projectsOf(token: string): Promise<readonly Project[]> {
    const answer = await askKeystone(this.#options, 'GET', {
      path: '/auth/projects',
      headers: { 'X-Auth-Token': token },
    });
    if (answer.status === 401 || answer.status === 404) throw badToken();
    const parsed = keystoneProjects.safeParse(answer.body);
    if (answer.status !== 200 || !parsed.success) throw this.#unknownForm(answer);
    return parsed.data.projects
      .filter(({ enabled = true }) => enabled)
      .map(({ id, name }) => ({ id, name }))
      .sort((one, other) => one.name.localeCompare(other.name, 'en'));
  }

  async switchProject({ token, projectId, password, from }: ProjectSwitch): Promise<IssuedToken> {
    const valid = await this.#validation.validate(token);
    if (valid === null) throw badToken();
    const caller = openedCaller(valid);
    const issued = await this.#audited(caller, from, async () =>
      password === null ? this.#rescope(token, projectId) : this.#signInAgain(valid.user, password, projectId, from),
    );
    // The new token is issued, so a service that keeps the old one until it expires is no reason to refuse the switch.
    await this.#revoke(token, caller, from).catch((error: unknown) => {
      if (!(error instanceof BackupSyncError)) throw error;
    });
    return issued;
  }

  async signOut(token: string, from: RequestedFrom): Promise<void> {
    const valid = await this.#validation.validate(token);
    // A token that gives no access here may still give some elsewhere.
    if (valid !== null) await this.#revoke(token, valid.holder, from);
  }

  /** Writes the event of an issued token, or of the refusal, before the caller learns of it. */
  async #audited(
    actor: Pick<Caller, 'kind' | 'name' | 'projectId'>,
    from: RequestedFrom,
    issue: () => Promise<IssuedToken>,
  ): Promise<IssuedToken> {
    let issued: IssuedToken;
    try {
      issued = await issue();
    } catch (error) {
      const code = error instanceof BackupSyncError ? error.code : 'internal';
      // Throttled attempts leave no event: anyone who guesses could fill the disk.
      if (code !== 'throttled' && this.#refusals.isWritten(actor)) {
        await this.#audit.refused('issueToken', actor, from, code);
      }
      throw error;
    }
    await this.#audit.done('issueToken', issued.caller, from);
    return issued;
  }

  async #firstThatOpens(token: string): Promise<IssuedToken> {
    const projects = await this.projectsOf(token);
    let refusal = new BackupSyncError('token_without_project', 'the user has no role in any project');
    for (const { id } of projects.slice(0, triedProjectsMax)) {
      try {
        return await this.#rescope(token, id);
      } catch (error) {
        if (!(error instanceof BackupSyncError) || error.code !== 'role_not_allowed') throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  async #rescope(token: string, id: string): Promise<IssuedToken> {
    const answer = await this.#issue({
      identity: { methods: ['token'], token: { id: token } },
      scope: { project: { id } },
    });
    if (answer.status === 403) {
      throw new BackupSyncError(
        'password_required',
        `${this.#options.url} does not exchange this token for one of another project`,
      );
    }
    if (isRefusal(answer)) throw noRoleIn(id);
    return this.#open(this.#read(answer));
  }

  async #signInAgain(
    { id: userId, name, domain }: ValidToken['user'],
    password: string,
    id: string,
    from: RequestedFrom,
  ) {
    const guessed = guessedUser(domain.id === ownDomain.id ? ownDomain.name : domain.name, name);
    const guess = await this.#guesses.begin(guessed, from.origin.address);
    const issued = await this.#tryGuess(guess, {
      identity: { methods: ['password'], password: { user: { id: userId, password } } },
      scope: { project: { id } },
    });
    if (issued === null) {
      throw new BackupSyncError(
        'password_required',
        `the password is wrong, or the user has no role in the project ${JSON.stringify(id)}`,
      );
    }
    return this.#open(issued);
  }

  /** Issues a token for a password. Returns null if Keystone refuses it: nothing else makes the guess a wrong one. */
  async #tryGuess(guess: Guess, auth: object): Promise<Issued | null> {
    let issued: Issued;
    try {
      const answer = await this.#issue(auth);
      if (isRefusal(answer)) return null;
      issued = this.#read(answer);
    } catch (error) {
      await guess.wasUnanswered();
      throw error;
    }
    await guess.wasRight();
    return issued;
  }

  #issue(auth: object): Promise<KeystoneAnswer> {
    return askKeystone(this.#options, 'POST', { body: { auth } });
  }

  #read(answer: KeystoneAnswer): Issued {
    const token = answer.headers.get('x-subject-token');
    const parsed = keystoneToken.safeParse(answer.body);
    if (answer.status !== 201 || token === null || !parsed.success) throw this.#unknownForm(answer);
    return { token, valid: this.#validation.opened(parsed.data) };
  }

  /** Returns a token with what it opens. One that opens nothing here is revoked, since nobody gets it. */
  async #open({ token, valid }: Issued): Promise<IssuedToken> {
    const { issuedAtMs, expiresAtMs, opens } = valid;
    if (opens === null) {
      await this.#discard(token);
      throw new BackupSyncError(valid.refusal.code, valid.refusal.message);
    }
    const { caller, project } = opens;
    return { token, issuedAtMs, expiresAtMs, project, caller: { ...caller, expiresAtMs } };
  }

  /** Revokes a token that nobody gets, if Keystone does so. The audit has no event of it: it was never used. */
  async #discard(token: string): Promise<void> {
    await this.#end(token).catch((error: unknown) => {
      if (!(error instanceof BackupSyncError)) throw error;
    });
  }

  #end(token: string): Promise<KeystoneAnswer> {
    return askKeystone(this.#options, 'DELETE', { headers: { 'X-Auth-Token': token, 'X-Subject-Token': token } });
  }

  async #revoke(token: string, caller: ValidToken['holder'], from: RequestedFrom): Promise<void> {
    const answer = await this.#end(token);
    this.#validation.forget(token);
    const subjects = [{ field: 'user_name', value: caller.name }];
    // 401 and 404: it had already ended.
    if ([200, 204, 401, 404].includes(answer.status)) {
      await this.#audit.done('revokeToken', caller, from, subjects);
      return;
    }
    if (this.#refusals.isWritten(caller)) {
      await this.#audit.refused('revokeToken', caller, from, 'identity_elsewhere', subjects);
    }
    throw new BackupSyncError(
      'identity_elsewhere',
      `${this.#options.url} does not revoke the token (it answers ${answer.status}), so it stays valid until it expires`,
    );
  }

  #unknownForm({ status }: KeystoneAnswer): BackupSyncError {
    return new BackupSyncError('unavailable', 'the identity service answered in an unknown form', {
      cause: new Error(`${this.#options.url} answers ${status} in a form that is not Keystone's`),
    });
  }
}

/** The name of a user in the limits of wrong passwords: one for all spellings that Keystone may take for one user. */
function guessedUser(domainName: string, userName: string): string {
  return JSON.stringify([domainName, userName].map((name) => name.normalize('NFKC').trim().toLowerCase()));
}

function isRefusal({ status }: KeystoneAnswer): boolean {
  return [400, 401, 403, 404].includes(status);
}

function openedCaller(valid: ValidToken): Caller {
  if (valid.opens === null) throw new BackupSyncError(valid.refusal.code, valid.refusal.message);
  return valid.opens.caller;
}
