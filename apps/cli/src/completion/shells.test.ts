import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { builtCommand, temporaryDirectory } from '../testing.ts';

/** Each shell without any configuration, and how it shows its line when Ctrl-O is typed. */
const shells = {
  bash: {
    start: 'bash --norc --noprofile -i',
    setUp: [`bind -x '"\\C-o": printf "<%s>" "$READLINE_LINE"'`, 'source <(backup-sync completion bash)'],
  },
  zsh: {
    start: 'zsh -f -i',
    setUp: [
      'show() { print -rn -- "<$BUFFER>" }; zle -N show; bindkey "^O" show; setopt interactive_comments',
      'source <(backup-sync completion zsh)',
    ],
  },
  fish: {
    start: 'fish --no-config -i',
    setUp: [`bind \\co 'printf "<%s>" (commandline)'`, 'backup-sync completion fish | source'],
  },
} as const;

/** Returns what a live shell shows after Tab, for each line. */
async function completedBy(shell: keyof typeof shells, lines: readonly string[]): Promise<(string | undefined)[]> {
  await using home = await temporaryDirectory();
  const bin = join(home.path, 'bin');
  await mkdir(bin);
  await mkdir(join(home.path, 'work', 'examples', 'buckets'), { recursive: true });
  await writeFile(join(home.path, 'work', 'nightly list.csv'), '');
  const [node = '', main = ''] = builtCommand;
  await writeFile(join(bin, 'backup-sync'), `#!/bin/sh\nexec '${node}' '${main}' "$@"\n`, { mode: 0o755 });
  const profile = { endpoint: 'https://b.example', project_id: 'p', token: 't' };
  await mkdir(join(home.path, 'backup-sync'));
  const profiles = JSON.stringify({ profiles: { production: profile } });
  await writeFile(join(home.path, 'backup-sync', 'profiles.json'), profiles, { mode: 0o600 });
  const { start, setUp } = shells[shell];
  const terminal = spawn('script', ['--quiet', '--flush', '--command', start, '/dev/null'], {
    cwd: join(home.path, 'work'),
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: home.path,
      XDG_CONFIG_HOME: home.path,
      TERM: 'xterm',
      LC_ALL: 'C.UTF-8',
    },
  });
  const closed = once(terminal, 'close');
  let shown = '';
  const seen = new EventTarget();
  terminal.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    seen.dispatchEvent(new Event('output'));
  });
  const until = async (isThere: () => boolean) => {
    while (!isThere()) await once(seen, 'output', { signal: AbortSignal.timeout(20_000) });
  };
  const answered = () => [...shown.matchAll(/<(backup-sync [^<>]*)>/g)].map(([, line]) => line);
  terminal.stdin.write(`${setUp.join('\n')}\necho rea''dy\n`);
  await until(() => /^ready/m.test(shown));
  for (const [index, line] of lines.entries()) {
    terminal.stdin.write(`${line}\t\u000f`);
    await until(() => answered().length > index);
    terminal.stdin.write('\u0015');
  }
  terminal.stdin.end('exit\n');
  terminal.kill();
  await closed;
  return answered();
}

function isInstalled(shell: string): boolean {
  try {
    return execFileSync(shell, ['--version']).length > 0;
  } catch {
    return false;
  }
}

describe.concurrent('a live shell without any configuration', () => {
  test.for(Object.keys(shells) as (keyof typeof shells)[])(
    'completes commands, options, values, names and files: %s',
    { timeout: 60_000 },
    async (shell, { skip, expect }) => {
      const missing = [shell, 'script'].filter((command) => !isInstalled(command));
      skip(missing.length > 0, `${missing.join(' and ')} is not installed`);
      const lines = {
        'backup-sync backups sh': 'backup-sync backups show ',
        'backup-sync --json sources add b --lev': 'backup-sync --json sources add b --level ',
        'backup-sync sources add b --level li': 'backup-sync sources add b --level linkage ',
        'backup-sync sources add b --level=li': 'backup-sync sources add b --level=linkage ',
        'backup-sync backups list --profile pro': 'backup-sync backups list --profile production ',
        'backup-sync sync nig': 'backup-sync sync nightly\\ list.csv ',
        'backup-sync sync --storage file:exa': 'backup-sync sync --storage file:examples/',
        'backup-sync --data-dir=exa': 'backup-sync --data-dir=examples/',
        'backup-sync sync --storage s': 'backup-sync sync --storage s3:',
      };
      expect(await completedBy(shell, Object.keys(lines))).toEqual(Object.values(lines));
    },
  );
});
