import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { revealed } from './credentials.ts';
import { readEnvironment, Secret } from './environment.ts';
import { readProfiles, saveProfile } from './profiles.ts';
import { resolveTarget, shownDatabase } from './target.ts';
import { temporaryDirectory } from './testing.ts';

const work = {
  endpoint: 'https://backups.example.com',
  projectId: 'p',
  credentials: { kind: 'token', token: new Secret('t0ken') },
} as const;
const byKey = {
  ...work,
  credentials: { kind: 'access key', accessKey: 'AK', secretKey: new Secret('s3cret') },
} as const;

describe('profiles', () => {
  test('are saved side by side, readable only by their owner', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'backup-sync', 'profiles.json');
    await saveProfile(path, 'work', work);
    await saveProfile(path, 'default', { ...work, projectId: 'q' });
    await saveProfile(path, 'nightly', byKey);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const profiles = await readProfiles(path);
    expect([...profiles.keys()]).toEqual(['work', 'default', 'nightly']);
    const kept = Array.from(profiles.values(), ({ credentials }) => revealed(credentials));
    expect(kept).toEqual([{ token: 't0ken' }, { token: 't0ken' }, { accessKey: 'AK', secretKey: 's3cret' }]);
    expect(JSON.stringify([...profiles.values()])).not.toMatch(/t0ken|s3cret/);
  });

  test('in a file that others can read are refused, and so is a file with other content', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'profiles.json');
    await saveProfile(path, 'work', work);
    await chmod(path, 0o640);
    await expect(readProfiles(path)).rejects.toThrow('others can read it (mode 640)');
    await expect(saveProfile(path, 'other', work)).rejects.toThrow('others can read it');
    await chmod(path, 0o600);
    await writeFile(path, 'nothing of the kind');
    await expect(readProfiles(path)).rejects.toThrow('is not a file of profiles');
    expect(await readFile(path, 'utf8')).toBe('nothing of the kind');
  });
});

describe('where a command works', () => {
  async function resolve(options: object, variables: Record<string, string>) {
    await using home = await temporaryDirectory();
    await saveProfile(join(home.path, 'backup-sync', 'profiles.json'), 'default', work);
    const target = await resolveTarget(options, readEnvironment({ XDG_CONFIG_HOME: home.path, ...variables }));
    return target.kind === 'server'
      ? `${target.endpoint} ${target.projectId}`
      : target.kind === 'local'
        ? target.dataDirectory
        : shownDatabase(target);
  }
  const server = { BACKUP_SYNC_ENDPOINT: 'http://e', BACKUP_SYNC_TOKEN: 't', BACKUP_SYNC_PROJECT: 'p2' };
  const key = { BACKUP_SYNC_ACCESS_KEY: 'AK', BACKUP_SYNC_SECRET_ACCESS_KEY: 'SK' };

  test.each([
    ['the default profile', {}, {}, 'https://backups.example.com p'],
    ['the profile with another project', { profile: 'default', project: 'p3' }, {}, 'https://backups.example.com p3'],
    ['the environment before the default profile', {}, server, 'http://e p2'],
    ['a server with an access key', { project: 'p4' }, { BACKUP_SYNC_ENDPOINT: 'http://e', ...key }, 'http://e p4'],
    ['a named profile before the environment', { profile: 'default' }, server, 'https://backups.example.com p'],
    ['an option before the environment', { dataDir: 'd' }, server, 'd'],
    ['a data directory before the default profile', {}, { BACKUP_SYNC_DATA_DIR: 'd' }, 'd'],
    [
      'a server before a data directory',
      { endpoint: 'http://o' },
      { ...server, BACKUP_SYNC_DATA_DIR: 'd' },
      'http://o p2',
    ],
  ])('is %s', async (_, options, variables, where) => {
    expect(await resolve(options, variables)).toBe(where);
  });

  test.each([
    [{ profile: 'home' }, {}, 'there is no profile "home"'],
    [{ profile: 'default', endpoint: 'http://o' }, {}, '--profile and --endpoint both name a server'],
    [{ profile: 'default', dataDir: 'd' }, {}, 'leave --data-dir out'],
    [{ endpoint: 'http://o' }, {}, 'no credentials are set for http://o'],
    [{ endpoint: 'http://o' }, { BACKUP_SYNC_TOKEN: 't' }, 'no project'],
    [{ endpoint: 'http://o' }, { BACKUP_SYNC_ACCESS_KEY: 'AK' }, 'only one of BACKUP_SYNC_ACCESS_KEY and'],
    [{ endpoint: 'http://o' }, { BACKUP_SYNC_SECRET_ACCESS_KEY: 'SK' }, 'only one of BACKUP_SYNC_ACCESS_KEY and'],
    [{}, { ...server, ...key }, 'BACKUP_SYNC_TOKEN and BACKUP_SYNC_ACCESS_KEY are both set'],
    [{}, { BACKUP_SYNC_TOKEN: 't' }, 'BACKUP_SYNC_TOKEN is set, but no server is named for it: the profile "default"'],
    [{}, { ...key, BACKUP_SYNC_PROFILE: 'default' }, 'no server is named for it: BACKUP_SYNC_PROFILE names'],
    [{}, { ...key, BACKUP_SYNC_DATA_DIR: 'd' }, 'no server is named for it: BACKUP_SYNC_DATA_DIR names'],
  ])('is not clear from %j and %j', async (options, variables, message) => {
    await expect(resolve(options, variables)).rejects.toThrow(message);
  });
});
