import type { z } from 'zod';
import { administrationOperations } from './administration-operations.ts';
import { cbrOperations } from './cbr-operations.ts';
import type { OperationDefinition } from './operation-definition.ts';
import { ownOperations } from './own-operations.ts';

/**
 * The one table of operations. The engine implements it; REST routes, tRPC procedures, OpenAPI, the client and
 * the checks of who may do what are derived from it.
 */
export const operations = {
  ...cbrOperations,
  ...ownOperations,
  ...administrationOperations,
} as const satisfies Record<string, OperationDefinition>;

export type OperationName = keyof typeof operations;
export const operationNames = Object.keys(operations) as OperationName[];

/** The operations that go on answering. */
export type StreamName = {
  [Name in OperationName]: (typeof operations)[Name]['kind'] extends 'stream' ? Name : never;
}[OperationName];

/** The operations that answer once. */
export type CallName = Exclude<OperationName, StreamName>;

export function isStream(name: OperationName): name is StreamName {
  return operations[name].kind === 'stream';
}

export const callNames = operationNames.filter((name) => !isStream(name)) as CallName[];
export const streamNames = operationNames.filter(isStream);

/** What a caller may write. */
export type OperationInput<Name extends OperationName> = z.input<(typeof operations)[Name]['input']>;
/** The input once checked, with defaults filled in. */
export type CheckedInput<Name extends OperationName> = z.output<(typeof operations)[Name]['input']>;
export type OperationOutput<Name extends OperationName> = z.output<(typeof operations)[Name]['output']>;

/** The names of the fields that a path carries. */
export function pathFields(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), (match) => match[1] as string);
}
