import { type Command, Option } from 'commander';
import { addTimeouts, examplesHelp, exitCodesHelp, type Shared, type Tools } from './command-tools.ts';
import type { LoginOptions } from './commands/login.ts';
import type { ServeOptions } from './commands/start-gateway.ts';
import { age, given, positive } from './options.ts';

/** `serve`, `login`, `token`, `doctor` and `demo`: servers, and what is configured. */
export function addServerCommands(program: Command, { command, contextOf, finish }: Tools): void {
  command(program, 'serve', 'serve the API until Ctrl-C', [
    'serve --data-dir /var/lib/backup-sync --storage s3:https://obs.example.com',
  ])
    .option('--listen <host:port>', 'where to listen (BACKUP_SYNC_LISTEN, else 127.0.0.1:8787)')
    .option('--public-url <url>', 'where callers reach it, if elsewhere: behind a proxy (BACKUP_SYNC_PUBLIC_URL)')
    .option('--tls-certificate <file>', 'serve HTTPS with this certificate, PEM (BACKUP_SYNC_TLS_CERTIFICATE)')
    .option('--tls-key <file>', 'its private key, PEM (BACKUP_SYNC_TLS_KEY)')
    .option('--behind-tls-proxy', 'a proxy does TLS: plain HTTP beyond loopback (BACKUP_SYNC_BEHIND_TLS_PROXY=true)')
    .option(
      '--retry-for <duration>',
      'time to retry what storage does not answer (BACKUP_SYNC_RETRY_FOR, else 20m)',
      age,
    )
    .option(
      '--backlog <count>',
      'unfinished imports per project, then 429 (BACKUP_SYNC_BACKLOG, else 100000)',
      positive,
    )
    .action(async (options: Shared & ServeOptions) => {
      const { serveCommand } = await import('./commands/serve.ts');
      finish(await serveCommand(contextOf(options), options));
    });
  const login = program
    .command('login')
    .description('keep the address of a server and the way in there, so that commands work there')
    .requiredOption('--endpoint <url>', 'the server')
    .option('--user <name>', 'who logs in, with a password (admin)')
    .addOption(new Option('--access-key <id>', 'or the key to come in by (BACKUP_SYNC_ACCESS_KEY)').conflicts('user'))
    .option('--project <id>', 'project to work in (that which the server gives)')
    .option('--profile <name>', 'name to keep it under; "default" is taken where none is named', 'default')
    .option('--json', 'results as JSON on standard output, errors as JSON on standard error');
  addTimeouts(login)
    .addHelpText(
      'after',
      `${examplesHelp([
        'login --endpoint https://backups.example.com --user operator',
        'login --endpoint https://backups.example.com --user operator --profile work < password-file',
        'login --endpoint https://backups.example.com --access-key AKEXAMPLE < secret-key-file',
      ])}

The password is asked for, or read from standard input or BACKUP_SYNC_PASSWORD; it is not kept. The token is, in a file
that its owner alone can read, until it ends: then log in again. The secret of an access key is asked for, or read from
standard input or BACKUP_SYNC_SECRET_ACCESS_KEY, and kept in that file; it does not end by itself.
${exitCodesHelp}`,
    )
    .action(async (options: LoginOptions & Pick<Shared, 'json' | 'connectTimeout' | 'timeout'>) => {
      const { loginCommand } = await import('./commands/login.ts');
      const { json, connectTimeout, timeout } = options;
      finish(await loginCommand(contextOf(given({ json, connectTimeout, timeout })), options));
    });
  command(program, 'token', 'print a token', ['token --data-dir data --json', 'token --endpoint https://b.example.com'])
    .option(
      '--user <name>',
      'whose, at an endpoint; the password comes from BACKUP_SYNC_PASSWORD, standard input or the terminal',
      'admin',
    )
    .action(async (options: Shared & { user: string }) => {
      const { tokenCommand } = await import('./commands/token.ts');
      finish(await tokenCommand(contextOf(options), options.user));
    });
  command(program, 'doctor [bucket...]', 'say what is configured and from where, and what each bucket lets us do', [
    'doctor',
    'doctor volumebackups vmware-backups',
  ])
    .addHelpText(
      'after',
      `
Buckets are those named, else those of the sources, else those of a storage directory. Each is listed, and its first
object is looked at and read. Nothing is written. Exits 1 when something is missing, 5 when the server is not reachable.`,
    )
    .action(async (buckets: string[], options: Shared) => {
      const { doctorCommand } = await import('./commands/doctor.ts');
      finish(await doctorCommand(contextOf(options), buckets));
    });
  command(program, 'demo', 'import the shipped examples through a gateway of their own, and go on serving', [
    'demo --examples examples --data-dir data --once',
  ])
    .requiredOption('--examples <directory>', 'the examples of the repository')
    .option('--listen <host:port>', 'where to listen (BACKUP_SYNC_LISTEN, else 127.0.0.1:8787)')
    .option('--once', 'exit after the table', false)
    .option('--called-as <words>', 'how a command begins where this was called', 'backup-sync')
    .action(async (options: Shared & { examples: string; listen?: string; once: boolean; calledAs: string }) => {
      const { demoCommand } = await import('./commands/demo.ts');
      finish(await demoCommand(contextOf(options), options));
    });
}
