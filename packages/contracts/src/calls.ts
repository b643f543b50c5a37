import type { z } from 'zod';
import { administrationCalls } from './administration-calls.ts';
import type { CallDefinition } from './call-definition.ts';
import { cbrCalls } from './cbr-calls.ts';
import { hookCalls } from './hook-calls.ts';
import { ownCalls } from './own-calls.ts';

/**
 * The table of all calls. The engine implements it. REST routes, tRPC procedures, OpenAPI, the client and the checks of
 * roles are derived from it.
 */
export const calls = {
  ...cbrCalls,
  ...ownCalls,
  ...administrationCalls,
  ...hookCalls,
} as const satisfies Record<string, CallDefinition>;

export type CallName = keyof typeof calls;
export const callNames = Object.keys(calls) as CallName[];

/** Names of the calls that stream events. */
export type StreamName = {
  [Name in CallName]: (typeof calls)[Name]['kind'] extends 'stream' ? Name : never;
}[CallName];

/** Names of the calls that change something. */
export type MutationName = {
  [Name in CallName]: (typeof calls)[Name]['kind'] extends 'mutation' ? Name : never;
}[CallName];

/** Names of the request/response calls. */
export type UnaryCallName = Exclude<CallName, StreamName>;

export function isStream(name: CallName): name is StreamName {
  return calls[name].kind === 'stream';
}

export const unaryCallNames = callNames.filter((name) => !isStream(name)) as UnaryCallName[];
export const streamNames = callNames.filter(isStream);

/** The input of a call as a caller writes it: fields with a default may be left out. */
export type CallInput<Name extends CallName> = z.input<(typeof calls)[Name]['input']>;
/** The validated input of a call, with defaults filled in. */
export type CheckedInput<Name extends CallName> = z.output<(typeof calls)[Name]['input']>;
export type CallOutput<Name extends CallName> = z.output<(typeof calls)[Name]['output']>;

/** Names of the fields in a path template: `/a/{b}` has `b`. */
export function pathFields(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] as string);
}
