import { logLevels } from '@backup-sync/engine/log-events';
import { type Command, Option } from 'commander';
import { completeCommand, type Shared, type Tools } from './command-tools.ts';
import type { LoginOptions } from './commands/login.ts';
import type { MetricsOptions } from './commands/metrics-place.ts';
import type { ServeOptions } from './commands/start-gateway.ts';
import { jsonOption, timeoutOptions } from './global-options.ts';
import { logFormats } from './log/log-lines.ts';
import type { LogOptions } from './log/log-options.ts';
import { duration, given, positive } from './options.ts';

/** Adds `serve`, `work`, `migrate`, `login`, `logout`, `whoami`, `token`, `doctor`, `demo` and `version`. */
export function addServerCommands(program: Command, { command, contextOf, finish }: Tools): void {
  command(program, 'serve', 'serve the API until Ctrl-C', [
    'serve --data-dir /var/lib/backup-sync --storage s3:https://obs.example.com',
    'serve --no-work --storage s3:https://obs.example.com',
  ])
    .option('--listen <host:port>', 'address to listen on (BACKUP_SYNC_LISTEN, default: 127.0.0.1:8787)')
    .option('--public-url <url>', 'address that clients use, if behind a proxy (BACKUP_SYNC_PUBLIC_URL)')
    .option('--tls-certificate <file>', 'certificate for HTTPS, in PEM (BACKUP_SYNC_TLS_CERTIFICATE)')
    .option('--tls-key <file>', 'private key of the certificate, in PEM (BACKUP_SYNC_TLS_KEY)')
    .option('--behind-tls-proxy', 'plain HTTP beyond loopback, for a TLS proxy (BACKUP_SYNC_BEHIND_TLS_PROXY=true)')
    .option(
      '--retry-for <duration>',
      'time to retry while storage does not answer (BACKUP_SYNC_RETRY_FOR, default: 20m)',
      duration,
    )
    .option(
      '--backlog <count>',
      'maximum number of unfinished imports per project; more get 429 (BACKUP_SYNC_BACKLOG, default: 100000)',
      positive,
    )
    .addOption(metricsListenOption())
    .option('--no-work', 'answer calls, and leave the work to other nodes of the database')
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .action(async (options: Shared & ServeOptions) => {
      const { serveCommand } = await import('./commands/serve.ts');
      finish(await serveCommand(contextOf(options), options));
    });
  command(program, 'work', 'do the work of a PostgreSQL catalogue until Ctrl-C', [
    'work --storage s3:https://obs.example.com',
  ])
    .addOption(metricsListenOption())
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .action(async (options: Shared & LogOptions & MetricsOptions) => {
      const { workCommand } = await import('./commands/work.ts');
      finish(await workCommand(contextOf(options), options));
    });
  command(program, 'migrate', 'create or upgrade the catalogue in a PostgreSQL database', ['migrate'])
    .addHelpText(
      'after',
      `
Only this command changes the schema of a database. Processes of the previous release keep running on the new schema.
Before you run it, stop processes of older releases. Afterwards, start processes of this release.`,
    )
    .action(async (options: Shared) => {
      const { migrateCommand } = await import('./commands/migrate.ts');
      finish(await migrateCommand(contextOf(options)));
    });
  const login = program
    .command('login')
    .description("save a server's address and credentials")
    .requiredOption('--endpoint <url>', 'address of the server')
    .option('--user <name>', 'user who logs in with a password (default: admin)')
    .addOption(
      new Option('--access-key <id>', 'access key, instead of a user (BACKUP_SYNC_ACCESS_KEY)').conflicts('user'),
    )
    .option('--project <id>', 'id of the project to work in (default: chosen by the server)')
    .option('--profile <name>', 'profile to save; commands use "default" if you name none', 'default')
    .addHelpText(
      'after',
      `
The password comes from BACKUP_SYNC_PASSWORD, from standard input, or from a question at a terminal. It is not saved.
The token is saved in a file that only its owner can read. When the token expires, log in again. The secret of an access
key comes from BACKUP_SYNC_SECRET_ACCESS_KEY, standard input or a question. It is saved in the same file and does not
expire.`,
    );
  const loginExamples = [
    'login --endpoint https://b.example.com --user operator',
    'login --endpoint https://b.example.com --user operator --profile work < password',
    'login --endpoint https://b.example.com --access-key AKEXAMPLE < secret-key',
  ];
  completeCommand(login, loginExamples, [...timeoutOptions(), jsonOption()]).action(
    async (options: LoginOptions & Pick<Shared, 'json' | 'connectTimeout' | 'timeout'>) => {
      const { loginCommand } = await import('./commands/login.ts');
      const { json, connectTimeout, timeout } = options;
      finish(await loginCommand(contextOf(given({ json, connectTimeout, timeout })), options));
    },
  );
  const logout = program
    .command('logout')
    .description('end the token of a profile and remove the profile')
    .option('--profile <profile>', 'profile to remove (BACKUP_SYNC_PROFILE, default: "default")')
    .addHelpText(
      'after',
      `
If the server does not answer, the profile is removed anyway, and the token stays valid until it expires. An access key
stays valid.`,
    );
  completeCommand(logout, ['logout', 'logout --profile work'], [...timeoutOptions(), jsonOption()]).action(
    async (options: Pick<Shared, 'profile' | 'json' | 'connectTimeout' | 'timeout'>) => {
      const { logoutCommand } = await import('./commands/logout.ts');
      const { profile, json, connectTimeout, timeout } = options;
      finish(await logoutCommand(contextOf(given({ json, connectTimeout, timeout })), profile));
    },
  );
  command(program, 'whoami', 'show where commands work, and as whom', ['whoami', 'whoami --profile work']).action(
    async (options: Shared) => {
      const { whoamiCommand } = await import('./commands/whoami.ts');
      finish(await whoamiCommand(contextOf(options)));
    },
  );
  command(program, 'token', 'print a token', ['token --data-dir data --json', 'token --endpoint https://b.example.com'])
    .option('--user <name>', 'user of the token, with --endpoint', 'admin')
    .addHelpText('after', '\nThe password comes from BACKUP_SYNC_PASSWORD, standard input or the terminal.')
    .action(async (options: Shared & { user: string }) => {
      const { tokenCommand } = await import('./commands/token.ts');
      finish(await tokenCommand(contextOf(options), options.user));
    });
  command(program, 'doctor [bucket...]', 'check the configuration and the access to each bucket', [
    'doctor',
    'doctor volumebackups vmware-backups',
  ])
    .addHelpText(
      'after',
      `
Tries the buckets that you name. Without names, it tries the buckets of the sources or, if there is none, of a storage
directory. It lists each bucket, and reads the head and the beginning of its first object, as a sync does. A server
tries its own storage. Nothing is written. Exits 1 if something is missing, 5 if the server is not reachable.`,
    )
    .action(async (buckets: string[], options: Shared) => {
      const { doctorCommand } = await import('./commands/doctor.ts');
      finish(await doctorCommand(contextOf(options), buckets));
    });
  command(program, 'demo', 'import the examples through a server, and keep serving', [
    'demo --examples examples --data-dir data --once',
  ])
    .requiredOption('--examples <directory>', 'directory with the examples')
    .option('--listen <host:port>', 'address to listen on (BACKUP_SYNC_LISTEN, default: 127.0.0.1:8787)')
    .option('--once', 'exit after the results', false)
    .option('--called-as <words>', 'beginning of the commands that it suggests', 'backup-sync')
    .action(async (options: Shared & { examples: string; listen?: string; once: boolean; calledAs: string }) => {
      const { demoCommand } = await import('./commands/demo.ts');
      finish(await demoCommand(contextOf(options), options));
    });
  const version = program
    .command('version')
    .description('print the version of this program')
    .option('--verbose', 'also the commit, Node, SQLite, the schema of the catalogue, and the platform', false);
  completeCommand(version, ['version --verbose'], [jsonOption()]).action(
    async ({ json, verbose }: Pick<Shared, 'json'> & { verbose: boolean }) => {
      const { versionCommand } = await import('./commands/version.ts');
      finish(await versionCommand(contextOf(given({ json })), verbose));
    },
  );
}

function logLevelOption(): Option {
  return new Option(
    '--log-level <level>',
    'least important entries in the log (BACKUP_SYNC_LOG_LEVEL, default: info)',
  ).choices(logLevels);
}

function logFormatOption(): Option {
  return new Option('--log-format <format>', 'form of the log (BACKUP_SYNC_LOG_FORMAT, default: text)').choices(
    logFormats,
  );
}

function metricsListenOption(): Option {
  return new Option('--metrics-listen <host:port>', 'address of metrics for Prometheus (BACKUP_SYNC_METRICS_LISTEN)');
}
