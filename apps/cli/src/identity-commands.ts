import { auditOutcomes, type CallInput, type Role, roles, unaryCallNames } from '@backup-sync/contracts';
import { Argument, type Command, Option } from 'commander';
import { type AskingOptions, addAskingOptions } from './asking-options.ts';
import type { Shared, Tools } from './command-tools.ts';
import { withSuggestions } from './completion/suggest.ts';
import { given, wholeNumber } from './options.ts';

type AuditOptions = Pick<CallInput<'listAuditEvents'>, 'operation' | 'subject' | 'outcome' | 'marker' | 'limit'> & {
  actor?: string;
};

const passwordHelp = `
The password comes from BACKUP_SYNC_NEW_PASSWORD, from standard input, or from a question at a terminal.`;

const projectHelp = '\n<project> is a name or an id.';

/** Adds `users …`, `projects …`, `roles …`, `buckets …`, `access-keys …`, `audit …` and `nodes …`: commands of administrators. */
export function addIdentityCommands(program: Command, tools: Tools): void {
  addUserCommands(program, tools);
  addProjectCommands(program, tools);
  addBucketCommands(program, tools);
  addAccessKeyCommands(program, tools);
  addAuditCommands(program, tools);
  addNodeCommands(program, tools);
}

function addUserCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const users = program.command('users').description('manage users');
  command(users, 'create <name>', 'create a user without a role', ['users create ada'])
    .addHelpText('after', passwordHelp)
    .action(async (name: string, options: Shared) => {
      const { createUserCommand } = await import('./commands/users.ts');
      finish(await createUserCommand(contextOf(options), name));
    });
  command(users, 'list', 'list users with their roles', ['users list']).action(async (options: Shared) => {
    const { listUsersCommand } = await import('./commands/users.ts');
    finish(await listUsersCommand(contextOf(options)));
  });
  command(users, 'disable <name>', 'lock a user out and end all their tokens', ['users disable ada']).action(
    async (name: string, options: Shared) => {
      const { disableUserCommand } = await import('./commands/users.ts');
      finish(await disableUserCommand(contextOf(options), name));
    },
  );
  command(users, 'enable <name>', 'let a user log in again', ['users enable ada']).action(
    async (name: string, options: Shared) => {
      const { enableUserCommand } = await import('./commands/users.ts');
      finish(await enableUserCommand(contextOf(options), name));
    },
  );
  command(users, 'set-password <name>', 'change the password of a user and end all their tokens', [
    'users set-password ada < password-file',
  ])
    .addHelpText('after', passwordHelp)
    .action(async (name: string, options: Shared) => {
      const { setPasswordCommand } = await import('./commands/users.ts');
      finish(await setPasswordCommand(contextOf(options), name));
    });
  const remove = command(users, 'remove <name>', 'remove a user and all their roles, tokens and access keys', [
    'users remove ada',
  ]);
  addAskingOptions(remove).action(async (name: string, options: Shared & AskingOptions) => {
    const { removeUserCommand } = await import('./commands/users.ts');
    finish(await removeUserCommand(contextOf(options), name, options.yes ?? false));
  });
  const role = program.command('roles').description('manage roles of users in projects');
  command(role, 'list [project]', 'list the roles of users in projects', ['roles list', 'roles list payroll'])
    .addHelpText('after', '\n<project> is a name or an id (default: every project).')
    .action(async (project: string | undefined, options: Shared) => {
      const { listRolesCommand } = await import('./commands/projects.ts');
      finish(await listRolesCommand(contextOf(options), project ?? null));
    });
  command(role, 'grant <user>', 'give a user a role in a project', ['roles grant ada operator default'])
    .addArgument(new Argument('<role>').choices(roles))
    .argument('<project>')
    .addHelpText(
      'after',
      `${projectHelp} The role replaces the one that the user has in the project. An administrator of any project
administers the whole installation.`,
    )
    .action(async (user: string, name: Role, project: string, options: Shared) => {
      const { grantRoleCommand } = await import('./commands/projects.ts');
      finish(await grantRoleCommand(contextOf(options), user, name, project));
    });
  const revoke = command(role, 'revoke <user> <project>', 'remove the role of a user in a project', [
    'roles revoke ada default',
  ]);
  addAskingOptions(revoke)
    .addHelpText('after', projectHelp)
    .action(async (user: string, project: string, options: Shared & AskingOptions) => {
      const { revokeRoleCommand } = await import('./commands/projects.ts');
      finish(await revokeRoleCommand(contextOf(options), user, project, options.yes ?? false));
    });
}

function addProjectCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const projects = program.command('projects').description('manage projects');
  command(projects, 'create <name>', 'create a project without a bucket', ['projects create payroll'])
    .addHelpText(
      'after',
      '\nThe first project may use every bucket, and keeps only those that it uses when a second project is created.',
    )
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
  const buckets = program.command('buckets').description('manage which buckets a project may use');
  command(buckets, 'grant <bucket[/folder]> <project>', 'let a project use a bucket or a folder', [
    'buckets grant volumebackups payroll',
  ])
    .addHelpText('after', projectHelp)
    .action(async (place: string, project: string, options: Shared) => {
      const { grantBucketCommand } = await import('./commands/projects.ts');
      finish(await grantBucketCommand(contextOf(options), place, project));
    });
  const revoke = command(
    buckets,
    'revoke <bucket[/folder]> <project>',
    'stop a project from using a bucket; records stay',
    ['buckets revoke volumebackups payroll'],
  );
  addAskingOptions(revoke)
    .addHelpText('after', projectHelp)
    .action(async (place: string, project: string, options: Shared & AskingOptions) => {
      const { revokeBucketCommand } = await import('./commands/projects.ts');
      finish(await revokeBucketCommand(contextOf(options), place, project, options.yes ?? false));
    });
  command(buckets, 'list', 'list the buckets that each project may use', ['buckets list']).action(
    async (options: Shared) => {
      const { listBucketGrantsCommand } = await import('./commands/projects.ts');
      finish(await listBucketGrantsCommand(contextOf(options)));
    },
  );
}

function addAccessKeyCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const keys = program.command('access-keys').description('manage the keys that programs sign requests with');
  command(keys, 'create <user> <project>', 'create a key and show its secret once', ['access-keys create ada payroll'])
    .addHelpText('after', projectHelp)
    .action(async (user: string, project: string, options: Shared) => {
      const { createAccessKeyCommand } = await import('./commands/access-keys.ts');
      finish(await createAccessKeyCommand(contextOf(options), user, project));
    });
  command(keys, 'list', 'list access keys', ['access-keys list']).action(async (options: Shared) => {
    const { listAccessKeysCommand } = await import('./commands/access-keys.ts');
    finish(await listAccessKeysCommand(contextOf(options)));
  });
  const disable = command(keys, 'disable <access-key>', 'disable an access key permanently', [
    'access-keys disable AKEXAMPLE',
  ]);
  addAskingOptions(disable).action(async (accessKey: string, options: Shared & AskingOptions) => {
    const { disableAccessKeyCommand } = await import('./commands/access-keys.ts');
    finish(await disableAccessKeyCommand(contextOf(options), accessKey, options.yes ?? false));
  });
}

function addAuditCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const audit = program.command('audit').description('show who did what');
  command(audit, 'list', 'list calls with caller and outcome, newest first', [
    'audit list --actor ada --outcome refused',
  ])
    .option('--actor <name>', 'name of the user or operator')
    .addOption(
      withSuggestions(new Option('--operation <name>', 'name of the call, such as syncBackups'), unaryCallNames),
    )
    .option('--subject <id>', 'id of the backup, source, user, project, bucket or access key')
    .addOption(new Option('--outcome <outcome>', 'outcome of the call').choices(auditOutcomes))
    .option('--limit <number>', 'maximum number of events (default: 100)', wholeNumber)
    .option('--marker <id>', 'id of the last event of the previous page')
    .action(async (options: Shared & AuditOptions) => {
      const { listAuditCommand } = await import('./commands/audit.ts');
      const { actor, operation, subject, outcome, limit, marker } = options;
      const filter = { actor_name: actor, operation, subject, outcome, limit, marker };
      finish(await listAuditCommand(contextOf(options), given(filter)));
    });
}

function addNodeCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const nodes = program.command('nodes').description('show the processes that share the catalogue');
  command(nodes, 'list', 'list processes and their running operations', ['nodes list']).action(
    async (options: Shared) => {
      const { listNodesCommand } = await import('./commands/nodes.ts');
      finish(await listNodesCommand(contextOf(options)));
    },
  );
}
