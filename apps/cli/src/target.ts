import { BackupSyncError } from '@backup-sync/contracts';
import { parseEndpoint } from '@backup-sync/core';
import { environmentCredentials, type ServerCredentials } from './credentials.ts';
import type { Environment } from './environment.ts';
import { UsageError } from './failure.ts';
import { defaultProfileName, type Profile, profilePath, readProfiles } from './profiles.ts';

/** The options by which every command says where it works. */
export type ConnectOptions = {
  readonly profile?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly project?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly storage?: string | undefined;
  readonly storageMoved?: boolean | undefined;
  readonly addressingStyle?: 'path' | 'virtual' | undefined;
  /** Seconds that connecting to a server may take. */
  readonly connectTimeout?: number | undefined;
  /** Seconds without a byte from a server. */
  readonly timeout?: number | undefined;
  /** The command itself, such as `backup-sync sync`: told to whoever finds the data directory held. */
  readonly command?: string | undefined;
};

/** Where a value comes from, in words: `--endpoint`, `BACKUP_SYNC_ENDPOINT`, `profile "default"`. */
export type Origin = string;

/** Where a command works. `from` says where that was said. */
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
    };

/**
 * Where a command works: what its options say goes before the environment, and both before the profile. A server goes
 * before a data directory that is named in the same place. A server named by address is come in at with what the
 * environment has for it, one of a profile with what the profile keeps.
 *
 * Throws `not_authenticated` where nothing says how to come in at a server, `invalid_request` where the address of one
 * is none, and {@link UsageError}, also where the environment has credentials and nothing says that they are not meant:
 * a command never comes in as someone else in silence.
 */
export async function resolveTarget(options: ConnectOptions, environment: Environment): Promise<Target> {
  const endpoint = firstOf(options.endpoint, '--endpoint', environment.BACKUP_SYNC_ENDPOINT, 'BACKUP_SYNC_ENDPOINT');
  if (options.profile !== undefined) {
    if (options.endpoint !== undefined) throw new UsageError('--profile names a server already: leave --endpoint out');
    if (options.dataDir !== undefined) throw new UsageError('--profile names a server: leave --data-dir out');
    return ofProfile(options, await namedProfile(options.profile, environment), options.profile);
  }
  const isLocal = options.dataDir !== undefined && options.endpoint === undefined;
  if (endpoint !== null && !isLocal) return ofServer(options, environment, endpoint);
  const directory = firstOf(options.dataDir, '--data-dir', environment.BACKUP_SYNC_DATA_DIR, 'BACKUP_SYNC_DATA_DIR');
  if (directory !== null) {
    if (options.dataDir === undefined) refuseUnused(environment, `${directory.origin} names a data directory`);
    const projectId = options.project ?? environment.BACKUP_SYNC_PROJECT;
    return {
      kind: 'local',
      dataDirectory: directory.value,
      projectId,
      from: { dataDirectory: directory.origin },
    };
  }
  const name = environment.BACKUP_SYNC_PROFILE;
  if (name !== undefined) {
    refuseUnused(environment, 'BACKUP_SYNC_PROFILE names a server that has its own');
    return ofProfile(options, await namedProfile(name, environment), name);
  }
  const usual = (await readProfiles(profilePath(environment))).get(defaultProfileName);
  if (usual !== undefined) {
    refuseUnused(environment, `the profile ${JSON.stringify(defaultProfileName)} has its own`);
    return ofProfile(options, usual, defaultProfileName);
  }
  throw new UsageError(
    'nothing says where to work: log in to a server with "backup-sync login", name one with --endpoint or ' +
      'BACKUP_SYNC_ENDPOINT, or give a data directory (--data-dir or BACKUP_SYNC_DATA_DIR)',
  );
}

async function namedProfile(name: string, environment: Environment): Promise<Profile> {
  const path = profilePath(environment);
  const profiles = await readProfiles(path);
  const profile = profiles.get(name);
  if (profile !== undefined) return profile;
  const names = [...profiles.keys()].join(', ');
  throw new UsageError(
    `there is no profile ${JSON.stringify(name)} in ${path}${names === '' ? '' : `, which has ${names}`}: ` +
      'make it with "backup-sync login"',
  );
}

function ofProfile(options: ConnectOptions, profile: Profile, name: string): Target {
  const origin = `profile ${JSON.stringify(name)}`;
  // Before the address is shown: it may have credentials in it.
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
  if (project === null) throw new UsageError('no project: give its id with --project or BACKUP_SYNC_PROJECT');
  return {
    kind: 'server',
    endpoint: endpoint.value,
    projectId: project.value,
    credentials: given.credentials,
    from: { endpoint: endpoint.origin, projectId: project.origin, credentials: given.variable },
  };
}

/** Credentials of the environment are for the server that it names. */
function refuseUnused(environment: Environment, why: string): void {
  const given = environmentCredentials(environment);
  if (given === null) return;
  throw new UsageError(
    `${given.variable} is set, and no server is named for it: ${why}. Set BACKUP_SYNC_ENDPOINT, or unset it`,
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
