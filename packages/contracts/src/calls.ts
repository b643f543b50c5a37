import type { z } from 'zod';
import { administrationCalls } from './administration-calls.ts';
import type { CallDefinition } from './call-definition.ts';
import { cbrCalls } from './cbr-calls.ts';
import { ownCalls } from './own-calls.ts';

/**
 * The one table of calls. The engine implements it; REST routes, tRPC procedures, OpenAPI, the client and
 * the checks of who may do what are derived from it.
 */
export const calls = {
  ...cbrCalls,
  ...ownCalls,
  ...administrationCalls,
} as const satisfies Record<string, CallDefinition>;

export type CallName = keyof typeof calls;
export const callNames = Object.keys(calls) as CallName[];

/** The calls that go on answering. */
export type StreamName = {
  [Name in CallName]: (typeof calls)[Name]['kind'] extends 'stream' ? Name : never;
}[CallName];

/** The calls that change something. */
export type MutationName = {
  [Name in CallName]: (typeof calls)[Name]['kind'] extends 'mutation' ? Name : never;
}[CallName];

/** The calls that answer once. */
export type UnaryCallName = Exclude<CallName, StreamName>;

export function isStream(name: CallName): name is StreamName {
  return calls[name].kind === 'stream';
}

export const unaryCallNames = callNames.filter((name) => !isStream(name)) as UnaryCallName[];
export const streamNames = callNames.filter(isStream);

/** What a caller may write. */
export type CallInput<Name extends CallName> = z.input<(typeof calls)[Name]['input']>;
/** The input once checked, with defaults filled in. */
export type CheckedInput<Name extends CallName> = z.output<(typeof calls)[Name]['input']>;
export type CallOutput<Name extends CallName> = z.output<(typeof calls)[Name]['output']>;

/** The names of the fields that a path carries. */
export function pathFields(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] as string);
}
