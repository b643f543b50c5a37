import { expect, test } from 'vitest';
import { callNames, calls, roles } from '../../packages/contracts/src/index.ts';
import { unreachedVerbs, verbCommands } from '../conformance/verb-commands.ts';
import { cells, holders, refusalOf } from './cells.ts';

test('no cell is missing, and each role is let in somewhere and kept out somewhere', () => {
  // By token, signature, Keystone and nothing, for each holder in two projects; by login, and as the one operator.
  const everywhere = 4 * holders.length * 2;
  const ofCommands = holders.length * 2 + 2;
  const verbs = Object.keys(calls).length;
  const commands = verbs - Object.keys(unreachedVerbs).length;
  expect(cells).toHaveLength(3 * everywhere * verbs + (everywhere + ofCommands) * commands);
  for (const role of roles) {
    const outcomes = new Set(cells.filter(({ holder }) => holder === role).map((cell) => refusalOf(cell) === null));
    expect(outcomes).toEqual(new Set([true, false]));
  }
});

test('every verb has a command that calls it, or a reason why there is none', () => {
  expect([...Object.keys(verbCommands), ...Object.keys(unreachedVerbs)].sort()).toEqual([...callNames].sort());
});
