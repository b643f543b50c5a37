import { expect, test } from 'vitest';
import { callNames, calls, roles } from '../../packages/contracts/src/index.ts';
import { callCommands, unreachedCalls } from '../conformance/call-commands.ts';
import { cells, holders, refusalOf } from './cells.ts';

test('the matrix is complete, and each role is allowed some calls and refused others', () => {
  // Token, signature, Keystone and nothing, for each holder in two projects. Commands also: login, and operator.
  const everywhere = 4 * holders.length * 2;
  const ofCommands = holders.length * 2 + 2;
  // Token, Keystone and nothing.
  const ofConsole = 3 * holders.length * 2;
  const all = Object.keys(calls).length;
  const commands = all - Object.keys(unreachedCalls).length;
  expect(cells).toHaveLength((3 * everywhere + ofConsole) * all + (everywhere + ofCommands) * commands);
  for (const role of roles) {
    const outcomes = new Set(cells.filter(({ holder }) => holder === role).map((cell) => refusalOf(cell) === null));
    expect(outcomes).toEqual(new Set([true, false]));
  }
});

test('every call has a command that makes it, or a reason for having none', () => {
  expect([...Object.keys(callCommands), ...Object.keys(unreachedCalls)].sort()).toEqual([...callNames].sort());
});
