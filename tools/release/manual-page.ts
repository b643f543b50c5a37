import { environmentSchema } from '../../apps/cli/src/environment.ts';
import { exitCodeMeanings } from '../../apps/cli/src/failure.ts';
import { commandHelps } from '../docs/reference/command-helps.ts';
import { sentence } from '../docs/reference/markdown.ts';
import type { Release } from './release.ts';

/** Width of the help texts, so that a terminal of 80 columns shows them with their indent. */
const helpWidth = 72;

/** The manual page of the command, for `man`: what `--help` prints, the variables and the exit codes. */
export function manualPage({ version, epochSeconds }: Release): string {
  const { program, commands } = commandHelps(helpWidth);
  const date = new Date(epochSeconds * 1000).toISOString().slice(0, 10);
  const variables = Object.entries(environmentSchema.shape).map(([name, { description = '' }]) =>
    definition(name, sentence(description)),
  );
  const codes = Object.entries(exitCodeMeanings).map(([code, meaning]) => definition(code, sentence(meaning)));
  const files = [
    definition('/etc/backup-sync/', 'Settings of the service, if a package installed it.'),
    definition('/var/lib/backup-sync/', 'Data directory of the service.'),
    definition('~/.config/backup-sync/', 'Profiles that "backup-sync login" saves.'),
  ];
  const lines = [
    `.TH BACKUP\\-SYNC 1 "${date}" "backup\\-sync ${version}" "User Commands"`,
    '.SH NAME',
    'backup\\-sync \\- import backups from object storage into a catalogue, and prove each chain',
    '.SH SYNOPSIS',
    '.B backup\\-sync',
    '.I command',
    '[\\fIoption\\fR]...',
    '.SH DESCRIPTION',
    preformatted(program),
    '.SH COMMANDS',
    ...commands.flatMap(({ path, help }) => [`.SS ${escaped(path)}`, preformatted(help)]),
    '.SH ENVIRONMENT',
    ...variables,
    '.SH EXIT STATUS',
    ...codes,
    '.SH FILES',
    ...files,
  ];
  return `${lines.join('\n')}\n`;
}

function definition(term: string, text: string): string {
  return `.TP\n.B ${escaped(term)}\n${escaped(text.replaceAll('`', ''))}`;
}

function preformatted(text: string): string {
  return `.nf\n${escaped(text.trimEnd())}\n.fi`;
}

/** A text without anything that troff would take for a request, an escape or a typographic character. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/^(?=\.)/gm, '\\&');
}
