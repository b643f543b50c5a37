import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEnvironment, Secret } from './environment.ts';
import { readProfiles, saveProfile } from './profiles.ts';
import { resolveTarget } from './target.ts';
import { temporaryDirectory } from './testing.ts';

const work = { endpoint: 'https://backups.example.com', projectId: 'p', user: 'operator', token: new Secret('t0ken') };

describe('profiles', () => {
  test('are kept for their owner alone, one beside the other', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'backup-sync', 'profiles.json');
    await saveProfile(path, 'work', work);
    await saveProfile(path, 'default', { ...work, projectId: 'q' });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const profiles = await readProfiles(path);
    expect([...profiles.keys()]).toEqual(['work', 'default']);
    expect(profiles.get('work')?.token.reveal()).toBe('t0ken');
    expect(JSON.stringify(profiles.get('work'))).not.toContain('t0ken');
  });

  test('in a file that others can read are refused, and so is a file of something else', async () => {
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
    return target.kind === 'server' ? `${target.endpoint} ${target.projectId}` : target.dataDirectory;
  }
  const server = { BACKUP_SYNC_ENDPOINT: 'http://e', BACKUP_SYNC_TOKEN: 't', BACKUP_SYNC_PROJECT: 'p2' };

  test.each([
    ['the default profile', {}, {}, 'https://backups.example.com p'],
    ['the profile with another project', { profile: 'default', project: 'p3' }, {}, 'https://backups.example.com p3'],
    ['the environment before the default profile', {}, server, 'http://e p2'],
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
    [{ profile: 'default', endpoint: 'http://o' }, {}, 'leave --endpoint out'],
    [{ profile: 'default', dataDir: 'd' }, {}, 'leave --data-dir out'],
    [{ endpoint: 'http://o' }, {}, 'no token: set BACKUP_SYNC_TOKEN'],
    [{ endpoint: 'http://o' }, { BACKUP_SYNC_TOKEN: 't' }, 'no project'],
  ])('cannot be told from %j and %j', async (options, variables, message) => {
    await expect(resolve(options, variables)).rejects.toThrow(message);
  });
});
