import { pluginCodes } from '../../../apps/cli/src/commands/plugin-output.ts';
import { exitCodeMeanings } from '../../../apps/cli/src/failure.ts';
import { errorCodes, errors } from '../../../packages/contracts/src/index.ts';
import { generatedPage, sentence, table } from './markdown.ts';

const pluginMeanings: Readonly<Record<keyof typeof pluginCodes, string>> = {
  OK: 'each resource has a proved backup that is new enough',
  WARNING: 'the newest proved backup of a resource is older than `--warning`',
  CRITICAL: 'the newest proved backup of a resource is older than `--critical`, or there is none',
  UNKNOWN: 'the check could not be made: wrong usage, an unknown resource, or a server that does not answer',
};

export function exitCodesPage(): string {
  const rows = Object.entries(exitCodeMeanings).map(([code, meaning]) => {
    const names = errorCodes.filter((name) => errors[name].exitCode === Number(code)).map((name) => `\`${name}\``);
    return [code, sentence(meaning), Number(code) === 1 ? 'all other errors' : names.join(', ')];
  });
  const pluginRows = Object.entries(pluginCodes).map(([state, code]) => [
    String(code),
    state,
    sentence(pluginMeanings[state as keyof typeof pluginCodes]),
  ]);
  return generatedPage('Exit codes', [
    table(['exit code', 'meaning', '[errors](errors.md)'], rows),
    'Exit code 3 also means that `scan` or `plan` recognised no backup among the objects of a bucket.',
    '## Exit codes of `check`',
    '`check` follows the convention of monitoring plug-ins:',
    table(['exit code', 'state', 'meaning'], pluginRows),
  ]);
}
