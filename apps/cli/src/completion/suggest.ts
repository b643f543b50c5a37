import { findDriver, storageDrivers } from '@backup-sync/engine/storage-drivers';
import type { Command, Option } from 'commander';

/** A word that may come next. */
export type Candidate = { readonly value: string; readonly description: string };

/** The kind of words that fit at a position of the command line. */
export type Wanted =
  | { readonly kind: 'values'; readonly candidates: readonly Candidate[] }
  /** Names from the catalogue or the profiles, such as those of sources. */
  | { readonly kind: 'names'; readonly of: string }
  | { readonly kind: 'files' }
  | { readonly kind: 'directories' };

/** Completions of the last word. */
export type Suggestion = {
  readonly wanted: Wanted;
  /** The beginning of the word that stays as it is: `--output=`, `file:`. */
  readonly prefix: string;
  /** The values of the options before it, by attribute name. */
  readonly options: Readonly<Record<string, string>>;
};

const suggested = new WeakMap<Option, readonly string[]>();

/** Suggests values for an option that also takes other values. */
export function withSuggestions(option: Option, values: readonly string[]): Option {
  suggested.set(option, values);
  return option;
}

/** Suggests what may come next. The last word is the one to complete, and may be empty. */
export function suggest(program: Command, words: readonly string[]): Suggestion {
  const current = words.at(-1) ?? '';
  const options: Record<string, string> = {};
  let command = program;
  let operands = 0;
  let pending: Option | null = null;
  let optionsEnded = false;
  for (const word of words.slice(0, -1)) {
    if (pending !== null) {
      options[pending.attributeName()] = word;
      pending = null;
    } else if (!optionsEnded && word === '--') optionsEnded = true;
    else if (!optionsEnded && word.startsWith('-') && word !== '-') {
      const [flag = '', value] = splitFlag(word);
      const option = optionOf(command, flag);
      if (option?.required && value === undefined) pending = option;
      else if (option !== undefined) options[option.attributeName()] = value ?? '';
    } else {
      const child = operands === 0 ? childOf(command, word) : undefined;
      if (child === undefined) operands += 1;
      else command = child;
    }
  }
  if (pending !== null) return { ...ofOption(pending, current), options };
  if (!optionsEnded && current.startsWith('-') && current !== '-') {
    const [flag = '', value] = splitFlag(current);
    if (value === undefined) return { wanted: flagsOf(command), prefix: '', options };
    const option = optionOf(command, flag);
    const { wanted, prefix } = option === undefined ? nothing : ofOption(option, value);
    return { wanted, prefix: `${flag}=${prefix}`, options };
  }
  if (command.commands.length > 0) return { wanted: childrenOf(command), prefix: '', options };
  const argument =
    command.registeredArguments[operands] ?? command.registeredArguments.findLast((each) => each.variadic);
  if (argument === undefined) return { ...nothing, options };
  if (argument.argChoices !== undefined) return { wanted: valuesOf(argument.argChoices), prefix: '', options };
  return { wanted: wantedFor(argument.name()), prefix: '', options };
}

const nothing = { wanted: { kind: 'values', candidates: [] }, prefix: '' } as const satisfies Partial<Suggestion>;

function ofOption(option: Option, current: string): Pick<Suggestion, 'wanted' | 'prefix'> {
  const placeholder = /<([^>]+)>/.exec(option.flags)?.[1] ?? '';
  if (option.argChoices !== undefined) return { wanted: valuesOf(option.argChoices), prefix: '' };
  const values = suggested.get(option);
  // Several values are separated by commas.
  if (values !== undefined) return { wanted: valuesOf(values), prefix: current.slice(0, current.lastIndexOf(',') + 1) };
  if (placeholder === 'unit') {
    const driver = findDriver(current)?.driver;
    return driver?.placeKind === 'directory'
      ? { wanted: { kind: 'directories' }, prefix: `${driver.scheme}:` }
      : { wanted: valuesOf(storageDrivers.map(({ scheme }) => `${scheme}:`)), prefix: '' };
  }
  return { wanted: wantedFor(placeholder), prefix: '' };
}

/** The meaning of a placeholder in the help. */
function wantedFor(placeholder: string): Wanted {
  switch (placeholder) {
    case 'file':
      return { kind: 'files' };
    case 'directory':
      return { kind: 'directories' };
    default:
      return { kind: 'names', of: placeholder };
  }
}

function valuesOf(values: readonly string[]): Wanted {
  return { kind: 'values', candidates: values.map((value) => ({ value, description: '' })) };
}

function childrenOf(command: Command): Wanted {
  const { commands } = command;
  const shown = command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => commands.includes(child));
  return {
    kind: 'values',
    candidates: shown.map((child) => ({ value: child.name(), description: child.description() })),
  };
}

/** Global options are hidden in the help of each command, but can be completed. */
function flagsOf(command: Command): Wanted {
  const own = command.options.map((option) => ({ value: option.long ?? '', description: option.description }));
  return { kind: 'values', candidates: [...own, { value: '--help', description: 'display help for command' }] };
}

function splitFlag(word: string): string[] {
  const at = word.indexOf('=');
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function optionOf(command: Command, flag: string): Option | undefined {
  return command.options.find(({ long, short }) => long === flag || short === flag);
}

function childOf(command: Command, name: string): Command | undefined {
  return command.commands.find((child) => child.name() === name);
}
