import { BackupSyncError } from '@backup-sync/contracts';
import { parseEndpoint } from '@backup-sync/core';
import { parseDatabaseAddress } from '@backup-sync/engine/database-address';
import { environmentCredentials, type ServerCredentials } from './credentials.ts';
import { type Environment, originOf, Secret } from './environment.ts';
import { UsageError } from './failure.ts';
import { defaultProfileName, type Profile, profilePath, readProfiles } from './profiles.ts';
import { readSecretVariable } from './secret-variable.ts';

/** The options that say where a command works. */
export type ConnectOptions = {
  readonly profile?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly project?: string | undefined;
  /** Configuration file of a local catalogue. */
  readonly config?: string | undefined;
  readonly dataDir?: string | undefined;
  /** Address of a PostgreSQL database, which may contain a password: never shown. */
  readonly database?: string | undefined;
  readonly storage?: string | undefined;
  readonly storageMoved?: boolean | undefined;
  readonly addressingStyle?: 'path' | 'virtual' | undefined;
  /** Time limit to connect to a server, in seconds. */
  readonly connectTimeout?: number | undefined;
  /** Time limit for a server that sends nothing, in seconds. */
  readonly timeout?: number | undefined;
  /** This command, such as `backup-sync sync`: named to others that find the data directory locked. */
  readonly command?: string | undefined;
};

/** Where a value comes from, in words: `--endpoint`, `BACKUP_SYNC_ENDPOINT`, `profile "default"`, a line of a file. */
export type Origin = string;

/** Where a command works. `from` says where each value comes from. */
export type Target =
  | {
      readonly kind: 'server';
      readonly endpoint: string;
      readonly projectId: string;
      readonly credentials: ServerCredentials;
      readonly from: { readonly endpoint: Origin; readonly projectId: Origin; readonly credentials: Origin };
    }
  | {
      readonly kind: 'local';
      readonly dataDirectory: string;
      readonly projectId: string | undefined;
      readonly from: { readonly dataDirectory: Origin };
    }
  | {
      readonly kind: 'database';
      readonly database: Secret;
      readonly projectId: string | undefined;
      readonly from: { readonly database: Origin };
    };

/**
 * Finds where a command works. Options win over the environment, and both win over profiles that are not named by an
 * option. A server wins over a data directory that is named in the same place. A server named by address uses the
 * credentials in the environment; a server named by profile uses the credentials in the profile.
 *
 * Throws `not_authenticated` if there are no credentials for the server, `invalid_request` if its address is not valid,
 * and {@link UsageError}. It also throws if the environment has credentials that would not be used and no option says
 * so: a command never silently works as someone else.
 */
export async function resolveTarget(options: ConnectOptions, environment: Environment): Promise<Target> {
  const endpoint = firstOf(options.endpoint, '--endpoint', environment.BACKUP_SYNC_ENDPOINT, 'BACKUP_SYNC_ENDPOINT');
  if (options.profile !== undefined) {
    if (options.endpoint !== undefined) throw new UsageError('--profile and --endpoint both name a server: give one');
    for (const [name, value] of [
      ['--config', options.config],
      ['--data-dir', options.dataDir],
      ['--database', options.database],
    ]) {
      if (value !== undefined) throw new UsageError(`--profile names a server: leave ${name} out`);
    }
    return ofProfile(options, await namedProfile(options.profile, environment), options.profile);
  }
  const isLocal = isHere(options) && options.endpoint === undefined;
  if (endpoint !== null && !isLocal) return ofServer(options, environment, endpoint);
  const database = databaseOf(options, environment);
  if (database !== null) {
    if (!isHere(options)) refuseUnused(environment, `${database.origin} names a database`);
    const projectId = options.project ?? environment.BACKUP_SYNC_PROJECT;
    return { kind: 'database', database: database.value, projectId, from: { database: database.origin } };
  }
  const directory = firstOf(
    options.dataDir,
    '--data-dir',
    environment.BACKUP_SYNC_DATA_DIR,
    originOf(environment, 'BACKUP_SYNC_DATA_DIR'),
  );
  if (directory !== null) {
    if (!isHere(options)) refuseUnused(environment, `${directory.origin} names a data directory`);
    const projectId = options.project ?? environment.BACKUP_SYNC_PROJECT;
    return {
      kind: 'local',
      dataDirectory: directory.value,
      projectId,
      from: { dataDirectory: directory.origin },
    };
  }
  const file = options.config ?? environment.BACKUP_SYNC_CONFIG;
  if (file !== undefined) {
    throw new UsageError(
      `the configuration file ${JSON.stringify(file)} names no catalogue: set catalogue.data_directory or ` +
        'catalogue.database_url_file in it, or give --data-dir or --database',
    );
  }
  const name = environment.BACKUP_SYNC_PROFILE;
  if (name !== undefined) {
    refuseUnused(environment, 'BACKUP_SYNC_PROFILE names a profile with its own credentials');
    return ofProfile(options, await namedProfile(name, environment), name);
  }
  const usual = (await readProfiles(profilePath(environment))).get(defaultProfileName);
  if (usual !== undefined) {
    refuseUnused(environment, `the profile ${JSON.stringify(defaultProfileName)} has its own credentials`);
    return ofProfile(options, usual, defaultProfileName);
  }
  throw new UsageError(
    'neither a server nor a data directory is given: log in to a server with "backup-sync login", name one with ' +
      '--endpoint or BACKUP_SYNC_ENDPOINT, or give a data directory with --data-dir or BACKUP_SYNC_DATA_DIR',
  );
}

/** Whether an option names a catalogue on this machine. */
function isHere({ config, dataDir, database }: ConnectOptions): boolean {
  return (config ?? dataDir ?? database) !== undefined;
}

/**
 * The database of the catalogue; null if none is given, or a data directory is. Throws {@link UsageError} if the
 * environment gives both.
 */
export function databaseOf(
  { dataDir, database }: ConnectOptions,
  environment: Environment,
): { readonly value: Secret; readonly origin: Origin } | null {
  if (dataDir !== undefined) return null;
  if (database !== undefined) return { value: new Secret(database), origin: '--database' };
  const value = readSecretVariable(environment, 'BACKUP_SYNC_DATABASE_URL');
  if (value === undefined) return null;
  if (environment.BACKUP_SYNC_DATA_DIR === undefined) {
    return { value, origin: environment.origins.get('BACKUP_SYNC_DATABASE_URL_FILE') ?? 'BACKUP_SYNC_DATABASE_URL' };
  }
  throw new UsageError(
    'BACKUP_SYNC_DATABASE_URL and BACKUP_SYNC_DATA_DIR both name a catalogue: unset one, or use --database or --data-dir',
  );
}

/** The place of the database of a target, without credentials. Throws `DatabaseError` if its address is none. */
export function shownDatabase({ database, from }: Extract<Target, { kind: 'database' }>): string {
  return parseDatabaseAddress(database.reveal(), from.database).shown;
}

async function namedProfile(name: string, environment: Environment): Promise<Profile> {
  const path = profilePath(environment);
  const profiles = await readProfiles(path);
  const profile = profiles.get(name);
  if (profile !== undefined) return profile;
  const names = [...profiles.keys()].join(', ');
  throw new UsageError(
    `there is no profile ${JSON.stringify(name)} in ${path}${names === '' ? '' : `, which has ${names}`}: ` +
      'create it with "backup-sync login"',
  );
}

function ofProfile(options: ConnectOptions, profile: Profile, name: string): Target {
  const origin = `profile ${JSON.stringify(name)}`;
  // Checked before the address is shown anywhere: it may contain credentials.
  parseEndpoint(profile.endpoint, origin);
  return {
    kind: 'server',
    endpoint: profile.endpoint,
    projectId: options.project ?? profile.projectId,
    credentials: profile.credentials,
    from: {
      endpoint: origin,
      projectId: options.project === undefined ? origin : '--project',
      credentials: origin,
    },
  };
}

function ofServer(
  options: ConnectOptions,
  environment: Environment,
  endpoint: { readonly value: string; readonly origin: Origin },
): Target {
  parseEndpoint(endpoint.value, endpoint.origin);
  const given = environmentCredentials(environment);
  const project = firstOf(options.project, '--project', environment.BACKUP_SYNC_PROJECT, 'BACKUP_SYNC_PROJECT');
  if (given === null) {
    throw new BackupSyncError('not_authenticated', `no credentials are set for ${endpoint.value}`);
  }
  if (project === null) throw new UsageError('no project is given: set its id with --project or BACKUP_SYNC_PROJECT');
  return {
    kind: 'server',
    endpoint: endpoint.value,
    projectId: project.value,
    credentials: given.credentials,
    from: { endpoint: endpoint.origin, projectId: project.origin, credentials: given.variable },
  };
}

/**
 * Throws {@link UsageError} if the environment has credentials. They are for the server that it names, and it names
 * none.
 */
function refuseUnused(environment: Environment, why: string): void {
  const given = environmentCredentials(environment);
  if (given === null) return;
  throw new UsageError(
    `${given.variable} is set, but no server is named for it: ${why}. ` +
      `Set BACKUP_SYNC_ENDPOINT, or unset ${given.variable}`,
  );
}

function firstOf(
  option: string | undefined,
  optionName: string,
  variable: string | undefined,
  variableName: string,
): { readonly value: string; readonly origin: Origin } | null {
  if (option !== undefined) return { value: option, origin: optionName };
  return variable === undefined ? null : { value: variable, origin: variableName };
}
