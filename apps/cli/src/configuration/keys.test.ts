import { type ConfigurationSchema, serverConfigurationSchema } from '@backup-sync/contracts/server-configuration';
import { expect, test } from 'vitest';
import { environmentSchema } from '../environment.ts';
import { configurationKeys, variablesWithoutKey } from './keys.ts';

const variables: Readonly<Record<string, { readonly description?: string | undefined }>> = environmentSchema.shape;

/** The keys of the schema that have a value, with their part of the schema. */
function leavesOf({ properties = {} }: ConfigurationSchema, parent = ''): [string, ConfigurationSchema][] {
  return Object.entries(properties).flatMap(([name, node]) =>
    node.properties === undefined ? [[`${parent}${name}`, node] as const] : leavesOf(node, `${parent}${name}.`),
  ) as [string, ConfigurationSchema][];
}

test('each variable of a server has a key or a reason to have none, and each key has a variable', () => {
  const withKey = configurationKeys.map(({ variable }) => variable);
  const known = Object.keys(variables);
  expect(known.filter((name) => !withKey.includes(name) && variablesWithoutKey[name] === undefined)).toEqual([]);
  expect(withKey.filter((name) => !known.includes(name))).toEqual([]);
  expect(withKey.filter((name) => variablesWithoutKey[name] !== undefined)).toEqual([]);
});

test('the schema of the file has the same keys as the table, each with a description', () => {
  const leaves = leavesOf(serverConfigurationSchema());
  expect(leaves.map(([key]) => key).sort()).toEqual(configurationKeys.map(({ key }) => key).sort());
  expect(leaves.filter(([, { description = '' }]) => !/^[A-Z].*\.$/.test(description))).toEqual([]);
});

test('the schema states the defaults that the variables state', () => {
  const differing = leavesOf(serverConfigurationSchema()).flatMap(([key, node]) => {
    const entry = configurationKeys.find((each) => each.key === key);
    if (entry === undefined) return [];
    const said = /\(default: `?([^`;)]+)`?[;)]/.exec(variables[entry.variable]?.description ?? '')?.[1];
    const { variableText = String } = entry;
    const text =
      node.default === undefined
        ? undefined
        : variableText(node.default, '')
            .replace(/(\d)m$/, '$1 min')
            .replace(/(\d)d$/, '$1 d');
    // Defaults that depend on something else are sentences.
    return said === text || (text === undefined && /\s|^none$|secret\.key/.test(said ?? ' '))
      ? []
      : [{ key, said, text }];
  });
  expect(differing).toEqual([]);
});

test('no key of the file is for a secret itself', () => {
  const secrets = configurationKeys.filter(({ variable }) => /(?:PASSWORD|SECRET|TOKEN|DATABASE_URL)$/.test(variable));
  expect(secrets).toEqual([]);
});
