import { type HookEventKind, hookEventKind, type VerificationLevel, verificationLevel } from '@backup-sync/contracts';
import { type Command, Option } from 'commander';
import { type AskingOptions, addAskingOptions } from './asking-options.ts';
import type { Shared, Tools } from './command-tools.ts';
import { durationOrNone, durationOrSeconds, given, positive } from './options.ts';

type Settings = {
  event?: HookEventKind[];
  level?: VerificationLevel;
  newestOlderThan?: number | 'none';
  sourceOlderThan?: number | 'none';
};

const hookHelp = '\n<hook> is a name, an id, or the beginning of an id (at least 4 characters).';

const events = () =>
  new Option('--event <kind...>', 'kinds of problems to report (default: all)').choices(hookEventKind.options);
const level = () =>
  new Option('--level <level>', 'level at which a backup counts as proved (default: linkage)').choices(
    verificationLevel.options,
  );

/** The fields of a call for these options. `none` is null. */
function fieldsOf({ event, level, newestOlderThan, sourceOlderThan }: Settings) {
  return {
    ...given({ events: event, level }),
    ...(newestOlderThan !== undefined && { newest_older_than_s: newestOlderThan === 'none' ? null : newestOlderThan }),
    ...(sourceOlderThan !== undefined && { source_older_than_s: sourceOlderThan === 'none' ? null : sourceOlderThan }),
  };
}

/** Adds `hooks …`: the commands for webhooks. */
export function addHookCommands(program: Command, { command, contextOf, finish }: Tools): void {
  const hooks = program.command('hooks').description('notify an address of problems, as webhooks');
  command(hooks, 'add <url>', 'add a hook and show its secret once', [
    'hooks add https://alerts.example.com/hook --name pager --newest-older-than 26h',
  ])
    .option('--name <name>', 'name, unique in the project (default: host of the address)')
    .addOption(events())
    .option(
      '--newest-older-than <duration>',
      'age at which the newest proved backup of a resource is overdue (default: never)',
      durationOrSeconds,
    )
    .addOption(level())
    .option(
      '--source-older-than <duration>',
      'time since the last good run at which a source is overdue (default: never)',
      durationOrSeconds,
    )
    .addOption(
      new Option('--signature <kind>', 'signatures: hmac, or also ed25519 (default: hmac)').choices([
        'hmac',
        'ed25519',
      ]),
    )
    .action(async (url: string, options: Shared & Settings & { name?: string; signature?: 'hmac' | 'ed25519' }) => {
      const { addHookCommand } = await import('./commands/hooks.ts');
      const { name, signature } = options;
      finish(await addHookCommand(contextOf(options), url, { ...given({ name, signature }), ...fieldsOf(options) }));
    });
  command(hooks, 'list', 'list hooks by name', ['hooks list']).action(async (options: Shared) => {
    const { listHooksCommand } = await import('./commands/hooks.ts');
    finish(await listHooksCommand(contextOf(options)));
  });
  command(hooks, 'edit <hook>', 'change the address, events or limits of a hook', [
    'hooks edit pager --newest-older-than 30h',
  ])
    .option('--url <url>', 'address that events are sent to')
    .addOption(events())
    .option(
      '--newest-older-than <duration>',
      'age at which the newest proved backup is overdue; "none" for never',
      durationOrNone,
    )
    .addOption(level())
    .option(
      '--source-older-than <duration>',
      'time since the last good run at which a source is overdue; "none" for never',
      durationOrNone,
    )
    .addHelpText('after', `\nSettings that are not given stay unchanged.\n${hookHelp}`)
    .action(async (hook: string, options: Shared & Settings & { url?: string }) => {
      const { editHookCommand } = await import('./commands/hooks.ts');
      finish(await editHookCommand(contextOf(options), hook, { ...given({ url: options.url }), ...fieldsOf(options) }));
    });
  const ofOne = {
    show: 'show a hook and its last delivery',
    test: 'send a test event and show the answer',
    pause: 'send nothing to a hook until it is resumed',
    resume: 'resume a hook, and send what waits',
    'rotate-secret': 'make a new secret and show it once',
  } as const;
  for (const verb of Object.keys(ofOne) as (keyof typeof ofOne)[]) {
    command(hooks, `${verb} <hook>`, ofOne[verb], [`hooks ${verb} pager`])
      .addHelpText('after', hookHelp)
      .action(async (hook: string, options: Shared) => {
        const { hookCommands } = await import('./commands/hooks.ts');
        finish(await hookCommands[verb](contextOf(options), hook));
      });
  }
  const remove = command(hooks, 'remove <hook>', 'remove a hook and the events that wait for it', [
    'hooks remove pager',
  ]);
  addAskingOptions(remove)
    .addHelpText('after', '\n<hook> must be the full name or id.')
    .action(async (hook: string, options: Shared & AskingOptions) => {
      const { removeHookCommand } = await import('./commands/hooks.ts');
      finish(await removeHookCommand(contextOf(options), hook, options.yes ?? false));
    });
  command(hooks, 'deliveries <hook>', 'list the newest event about each subject', [
    'hooks deliveries pager --status failed',
  ])
    .addOption(new Option('--status <status>', 'state of the deliveries').choices(['waiting', 'delivered', 'failed']))
    .option('--limit <number>', 'maximum number of deliveries (default: 100)', positive)
    .addHelpText('after', hookHelp)
    .action(async (hook: string, options: Shared & { status?: 'waiting' | 'delivered' | 'failed'; limit?: number }) => {
      const { listHookDeliveriesCommand } = await import('./commands/hooks.ts');
      const { status, limit } = options;
      finish(await listHookDeliveriesCommand(contextOf(options), hook, given({ status, limit })));
    });
  command(hooks, 'resend <hook> [delivery-id]', 'send a delivery now, or all that failed or wait', [
    'hooks resend pager',
  ])
    .addHelpText('after', hookHelp)
    .action(async (hook: string, deliveryId: string | undefined, options: Shared) => {
      const { resendHookDeliveriesCommand } = await import('./commands/hooks.ts');
      finish(await resendHookDeliveriesCommand(contextOf(options), hook, deliveryId));
    });
}
