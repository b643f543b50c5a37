import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { ServerCredentials } from './credentials.ts';
import { type Environment, Secret } from './environment.ts';
import { UsageError } from './failure.ts';

/** The profile that commands use if none is named. */
export const defaultProfileName = 'default';

const ownerOnly = 0o600;
/** Time limit to wait for the lock. Saving takes milliseconds. */
const lockWaitMs = 10_000;

const storedServer = z.object({ endpoint: z.string(), project_id: z.string() });
const storedProfile = z.union([
  storedServer.extend({ token: z.string() }),
  storedServer.extend({ access_key: z.string(), secret_key: z.string() }),
]);
type StoredProfile = z.infer<typeof storedProfile>;
const profileFile = z.object({ profiles: z.record(z.string(), storedProfile) });

/** A server that someone has logged in to, and the credentials for it. */
export type Profile = {
  readonly endpoint: string;
  readonly projectId: string;
  readonly credentials: ServerCredentials;
};

/** The path of the file with the profiles, in the user's configuration directory. */
export function profilePath(environment: Pick<Environment, 'XDG_CONFIG_HOME'>): string {
  return join(environment.XDG_CONFIG_HOME ?? join(homeDirectory(), '.config'), 'backup-sync', 'profiles.json');
}

function homeDirectory(): string {
  try {
    return homedir();
  } catch {
    // Some containers run as a user that the machine does not know, and without HOME. Docker and systemd use this then.
    return '/';
  }
}

/**
 * Reads the profiles, by name; none if the file does not exist. It contains credentials: throws {@link UsageError} if
 * anyone but its owner can read it, or if it is not a file that {@link saveProfile} writes.
 */
export async function readProfiles(path: string): Promise<ReadonlyMap<string, Profile>> {
  const content = await readOwnFile(path);
  if (content === null) return new Map();
  const parsed = profileFile.safeParse(parseJson(content));
  if (!parsed.success) {
    throw new UsageError(`${path} is not a file of profiles: move it away, then log in again with "backup-sync login"`);
  }
  return new Map(Object.entries(parsed.data.profiles).map(([name, stored]) => [name, loaded(stored)]));
}

/**
 * Adds a profile, or replaces the one of the same name. Only the owner can read the file, and it is complete at any
 * time. Commands that save at the same time wait for each other, on a lock next to the file. Throws {@link UsageError}.
 */
export async function saveProfile(path: string, name: string, profile: Profile): Promise<void> {
  await makeDirectory(dirname(path));
  using _lock = await takeLock(path);
  await writeProfiles(path, new Map(await readProfiles(path)).set(name, profile));
}

/** Removes a profile in the same way, and returns it; null if there is none of this name. Throws {@link UsageError}. */
export async function removeProfile(path: string, name: string): Promise<Profile | null> {
  // Checked before the lock, which needs the directory to exist.
  if (!(await readProfiles(path)).has(name)) return null;
  using _lock = await takeLock(path);
  const profiles = new Map(await readProfiles(path));
  const removed = profiles.get(name) ?? null;
  profiles.delete(name);
  await writeProfiles(path, profiles);
  return removed;
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `${path} cannot be created (${code}): set XDG_CONFIG_HOME to a directory of this user`;
    throw new UsageError(message, { cause });
  }
}

async function writeProfiles(path: string, profiles: ReadonlyMap<string, Profile>): Promise<void> {
  const stored = Array.from(profiles, ([key, each]) => [key, toStore(each)]);
  const written = `${path}.${process.pid}.new`;
  await writeFile(written, `${JSON.stringify({ profiles: Object.fromEntries(stored) }, null, 2)}\n`, {
    mode: ownerOnly,
    flag: 'w',
  });
  // If a file of this name was left behind, it has kept its own mode.
  await chmod(written, ownerOnly);
  await rename(written, path);
}

async function takeLock(path: string): Promise<Disposable> {
  const lockPath = `${path}.lock`;
  const { FileLock } = await import('@backup-sync/engine/file-lock');
  let lock: Disposable | null;
  try {
    lock = FileLock.take(lockPath, lockWaitMs);
  } catch (error) {
    throw new UsageError(`${lockPath} cannot be locked: ${String(error)}`, { cause: error });
  }
  if (lock === null) {
    throw new UsageError(`another command has kept ${lockPath} locked for ${lockWaitMs / 1000} s: try again`);
  }
  return lock;
}

function loaded(stored: StoredProfile): Profile {
  const server = { endpoint: stored.endpoint, projectId: stored.project_id };
  if ('token' in stored) return { ...server, credentials: { kind: 'token', token: new Secret(stored.token) } };
  const { access_key: accessKey, secret_key } = stored;
  return { ...server, credentials: { kind: 'access key', accessKey, secretKey: new Secret(secret_key) } };
}

function toStore({ endpoint, projectId, credentials }: Profile): StoredProfile {
  const server = { endpoint, project_id: projectId };
  if (credentials.kind === 'token') return { ...server, token: credentials.token.reveal() };
  return { ...server, access_key: credentials.accessKey, secret_key: credentials.secretKey.reveal() };
}

async function readOwnFile(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      const permissions = (mode & 0o777).toString(8).padStart(3, '0');
      throw new UsageError(
        `${path} contains credentials, and others can read it (mode ${permissions}): chmod 600 it, and log in again`,
      );
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new UsageError(`${path} cannot be read: ${String(error)}`, { cause: error });
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    // The caller refuses it like JSON of another shape.
    return undefined;
  }
}
