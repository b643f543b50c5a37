import { auditOutcomes, type OperationInput, type Role, roles } from '@backup-sync/contracts';
import { Argument, type Command, Option } from 'commander';
import { type AskingOptions, addAskingOptions } from './asking-options.ts';
import type { Shared, Tools } from './command-tools.ts';
import { given, wholeNumber } from './options.ts';

type AuditOptions = Pick<
  OperationInput<'listAuditEvents'>,
  'operation' | 'subject' | 'outcome' | 'marker' | 'limit'
> & { actor?: string };

const passwordHelp = `
The password comes from BACKUP_SYNC_NEW_PASSWORD, from standard input, or is asked for at a terminal.`;

const projectHelp = '\n<project> is its name or its id.';

/** `users …`, `projects …`, `roles …`, `buckets …`, `access-keys …`, `audit …`: for administrators. */
export function addIdentityCommands(program: Command, tools: Tools): void {
  addUserCommands(program, tools);
  addProjectCommands(program, tools);
  addBucketCommands(program, tools);
  addAccessKeyCommands(program, tools);
  addAuditCommands(program, tools);
}

function addUserCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const users = program.command('users').description('who may come in');
  command(users, 'create <name>', 'make a user, who has no role yet', ['users create ada'])
    .addHelpText('after', passwordHelp)
    .action(async (name: string, options: Shared) => {
      const { createUserCommand } = await import('./commands/users.ts');
      finish(await createUserCommand(contextOf(options), name));
    });
  command(users, 'list', 'list users with their roles', ['users list']).action(async (options: Shared) => {
    const { listUsersCommand } = await import('./commands/users.ts');
    finish(await listUsersCommand(contextOf(options)));
  });
  command(users, 'disable <name>', 'keep a user out; tokens end at once', ['users disable ada']).action(
    async (name: string, options: Shared) => {
      const { disableUserCommand } = await import('./commands/users.ts');
      finish(await disableUserCommand(contextOf(options), name));
    },
  );
  command(users, 'enable <name>', 'let a user in again', ['users enable ada']).action(
    async (name: string, options: Shared) => {
      const { enableUserCommand } = await import('./commands/users.ts');
      finish(await enableUserCommand(contextOf(options), name));
    },
  );
  command(users, 'set-password <name>', 'give a user another password; tokens end at once', [
    'users set-password ada < password-file',
  ])
    .addHelpText('after', passwordHelp)
    .action(async (name: string, options: Shared) => {
      const { setPasswordCommand } = await import('./commands/users.ts');
      finish(await setPasswordCommand(contextOf(options), name));
    });
  const remove = command(users, 'remove <name>', 'remove a user with roles, tokens and access keys', [
    'users remove ada',
  ]);
  addAskingOptions(remove).action(async (name: string, options: Shared & AskingOptions) => {
    const { removeUserCommand } = await import('./commands/users.ts');
    finish(await removeUserCommand(contextOf(options), name, options.yes ?? false));
  });
  const role = program.command('roles').description('what users may do, project by project');
  command(role, 'list [project]', 'list who has which role in which project', ['roles list', 'roles list payroll'])
    .addHelpText('after', '\n<project> is its name or its id; without one, every project is listed.')
    .action(async (project: string | undefined, options: Shared) => {
      const { listRolesCommand } = await import('./commands/projects.ts');
      finish(await listRolesCommand(contextOf(options), project ?? null));
    });
  command(role, 'grant <user>', 'give a user a role in a project, in place of the one before', [
    'roles grant ada operator default',
  ])
    .addArgument(new Argument('<role>').choices(roles))
    .argument('<project>')
    .addHelpText(
      'after',
      `${projectHelp} An administrator, of whatever project, administers the whole installation.
`,
    )
    .action(async (user: string, name: Role, project: string, options: Shared) => {
      const { grantRoleCommand } = await import('./commands/projects.ts');
      finish(await grantRoleCommand(contextOf(options), user, name, project));
    });
  const revoke = command(
    role,
    'revoke <user> <project>',
    'take the role in a project from a user; tokens for it end at once',
    ['roles revoke ada default'],
  );
  addAskingOptions(revoke)
    .addHelpText('after', projectHelp)
    .action(async (user: string, project: string, options: Shared & AskingOptions) => {
      const { revokeRoleCommand } = await import('./commands/projects.ts');
      finish(await revokeRoleCommand(contextOf(options), user, project, options.yes ?? false));
    });
}

function addProjectCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const projects = program.command('projects').description('whose backups are whose');
  command(projects, 'create <name>', 'make a project, which has no bucket yet', ['projects create payroll'])
    .addHelpText('after', '\nThe first project has every bucket until there is a second; then those that it uses.')
    .action(async (name: string, options: Shared) => {
      const { createProjectCommand } = await import('./commands/projects.ts');
      finish(await createProjectCommand(contextOf(options), name));
    });
  command(projects, 'list', 'list projects', ['projects list']).action(async (options: Shared) => {
    const { listProjectsCommand } = await import('./commands/projects.ts');
    finish(await listProjectsCommand(contextOf(options)));
  });
}

function addBucketCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const buckets = program.command('buckets').description('which buckets a project may use');
  command(buckets, 'grant <bucket[/folder]> <project>', 'let a project use a bucket, or a folder of it', [
    'buckets grant volumebackups payroll',
  ])
    .addHelpText('after', projectHelp)
    .action(async (place: string, project: string, options: Shared) => {
      const { grantBucketCommand } = await import('./commands/projects.ts');
      finish(await grantBucketCommand(contextOf(options), place, project));
    });
  const revoke = command(buckets, 'revoke <bucket[/folder]> <project>', 'take it away; records stay', [
    'buckets revoke volumebackups payroll',
  ]);
  addAskingOptions(revoke)
    .addHelpText('after', projectHelp)
    .action(async (place: string, project: string, options: Shared & AskingOptions) => {
      const { revokeBucketCommand } = await import('./commands/projects.ts');
      finish(await revokeBucketCommand(contextOf(options), place, project, options.yes ?? false));
    });
  command(buckets, 'list', 'list what is granted', ['buckets list']).action(async (options: Shared) => {
    const { listBucketGrantsCommand } = await import('./commands/projects.ts');
    finish(await listBucketGrantsCommand(contextOf(options)));
  });
}

function addAccessKeyCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const keys = program.command('access-keys').description('keys with which programs sign requests');
  command(keys, 'create <user> <project>', 'make a key for a user in a project; the secret is shown once', [
    'access-keys create ada payroll',
  ])
    .addHelpText('after', projectHelp)
    .action(async (user: string, project: string, options: Shared) => {
      const { createAccessKeyCommand } = await import('./commands/access-keys.ts');
      finish(await createAccessKeyCommand(contextOf(options), user, project));
    });
  command(keys, 'list', 'list access keys', ['access-keys list']).action(async (options: Shared) => {
    const { listAccessKeysCommand } = await import('./commands/access-keys.ts');
    finish(await listAccessKeysCommand(contextOf(options)));
  });
  const disable = command(keys, 'disable <access-key>', 'end an access key for good', [
    'access-keys disable AKEXAMPLE',
  ]);
  addAskingOptions(disable).action(async (accessKey: string, options: Shared & AskingOptions) => {
    const { disableAccessKeyCommand } = await import('./commands/access-keys.ts');
    finish(await disableAccessKeyCommand(contextOf(options), accessKey, options.yes ?? false));
  });
}

function addAuditCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const audit = program.command('audit').description('who did what');
  command(audit, 'list', 'list who did what, from where and with what outcome, newest first', [
    'audit list --actor ada --outcome refused',
  ])
    .option('--actor <name>', 'only of this user or operator')
    .option('--operation <name>', 'only this, such as syncBackups')
    .option('--subject <id>', 'only what was about this backup, source, user, project, bucket or access key')
    .addOption(new Option('--outcome <outcome>', 'only with this outcome').choices(auditOutcomes))
    .option('--limit <number>', 'at most so many (100)', wholeNumber)
    .option('--marker <id>', 'before this event: the last one of the page before')
    .action(async (options: Shared & AuditOptions) => {
      const { listAuditCommand } = await import('./commands/audit.ts');
      const { actor, operation, subject, outcome, limit, marker } = options;
      const filter = { actor_name: actor, operation, subject, outcome, limit, marker };
      finish(await listAuditCommand(contextOf(options), given(filter)));
    });
}
