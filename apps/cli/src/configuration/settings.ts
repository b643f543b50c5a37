import { statSync } from 'node:fs';
import { type ConfigurationSchema, serverConfigurationSchema } from '@backup-sync/contracts/server-configuration';
import type { z } from 'zod';
import { environmentSchema, Secret } from '../environment.ts';
import type { ConnectOptions } from '../target.ts';
import { type ConfigurationKey, configurationKeys, flagOf } from './keys.ts';
import type { Layers } from './layers.ts';

/** A setting of a server, as it can be shown: without secrets. */
export type Setting = {
  readonly key: string;
  /** Null if it is not set and has no fixed default. */
  readonly value: string | null;
  readonly source: 'option' | 'variable' | 'file' | 'default';
  /** The option, the variable, or the line of the file; null for a default. */
  readonly from: string | null;
};

const redacted = '[redacted]';

/** Every setting of the configuration file, with its value and where that comes from. */
export function settingsOf(layers: Layers, options: ConnectOptions): Setting[] {
  const defaults = defaultsOf(serverConfigurationSchema());
  const hasCatalogueOption = (options.dataDir ?? options.database) !== undefined;
  return configurationKeys.map((entry) => {
    const { key, option, displacedBy } = entry;
    const given = option === undefined ? undefined : options[option as keyof ConnectOptions];
    if (option !== undefined && given !== undefined) {
      const value = option === 'database' ? redacted : withoutPassword(String(given));
      return { key, value, source: 'option', from: flagOf(option) };
    }
    // An option that names a catalogue displaces every other one.
    const isDisplaced = displacedBy !== undefined && hasCatalogueOption;
    const found = isDisplaced ? null : fromLayers(layers, entry);
    return found ?? { key, value: defaults.get(key) ?? null, source: 'default', from: null };
  });
}

function fromLayers(
  { variables, fromFile, file }: Layers,
  { key, variable, otherVariable }: ConfigurationKey,
): Setting | null {
  const name = [otherVariable, variable].find((each) => each !== undefined && variables[each]);
  if (name === undefined) return null;
  const value = shownValue(name, variables[name] ?? '');
  const line = fromFile.get(name)?.place.line;
  if (line === undefined) return { key, value, source: 'variable', from: name };
  return { key, value, source: 'file', from: `${file?.path}:${line}` };
}

function shownValue(variable: string, text: string): string {
  const schema = (environmentSchema.shape as Readonly<Record<string, z.ZodType>>)[variable];
  if (schema?.safeParse(text).data instanceof Secret) return isProxy(variable) ? withoutPassword(text) : redacted;
  // A secret may have been given instead of the path of its file.
  if (variable.endsWith('_FILE') && !statSync(text, { throwIfNoEntry: false })?.isFile()) return redacted;
  return withoutPassword(text.replace(/^keystone:/, ''));
}

function isProxy(variable: string): boolean {
  return /^https?_proxy$/i.test(variable);
}

/** An address without what may be credentials. */
function withoutPassword(text: string): string {
  return text.replace(/^(.*?:\/\/)?.*@/s, `$1${redacted}@`);
}

/** The fixed defaults that the schema states, by key. */
function defaultsOf({ properties = {} }: ConfigurationSchema, parent = ''): Map<string, string> {
  const entries = Object.entries(properties).flatMap(([name, node]) => {
    const key = `${parent}${name}`;
    if (node.default === undefined) return [...defaultsOf(node, `${key}.`)];
    const { variableText = String } = configurationKeys.find((each) => each.key === key) ?? {};
    return [[key, variableText(node.default, '')] as const];
  });
  return new Map(entries);
}
