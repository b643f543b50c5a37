import { expect, test } from 'vitest';
import type { z } from 'zod';
import { callNames, calls, type UnaryCallName } from './calls.ts';
import { problemsOf } from './problems.ts';

function messagesOf(schema: z.ZodType, value: unknown): string[] {
  const { error } = schema.safeParse(value);
  return error === undefined ? [] : problemsOf(error).map(({ place, message }) => `${place} ${message}`);
}

test.each([
  ['updateBackup', { backup: { name: 5 } }, 'backup.name must be a string, not a number'],
  ['syncBackups', { sync: [null] }, 'sync[0] must be an object, not null'],
  ['importBackups', { with_ancestors: 'yes' }, 'with_ancestors must be a boolean, not a string'],
  ['grantRole', { role: 'owner' }, 'role must be one of reader, operator, administrator'],
  ['listBackups', { status: [] }, 'status must have at least 1 item'],
  ['listBackups', { sort: 5 }, 'sort has an invalid form'],
  ['addSource', { removal_share: 2 }, 'removal_share must be at most 1'],
  ['addSource', { removal_share: -1 }, 'removal_share must be at least 0'],
  ['showBackup', {}, 'backup_id is required'],
] satisfies [UnaryCallName, object, string][])('%s refuses %j in words', (name, input, message) => {
  expect(messagesOf(calls[name].input, input)).toContain(message);
});

test('every problem is a short sentence, however long the wrong value is', () => {
  const wrong = [5, -1, 1.5, 'x', '', 'x'.repeat(5000), true, null, [], [5], [{}], [null], {}, { a: 1 }];
  for (const name of callNames) {
    for (const field of Object.keys(calls[name].input.shape)) {
      for (const message of wrong.flatMap((value) => messagesOf(calls[name].input, { [field]: value }))) {
        expect(message).toMatch(/^\S+ (".*" )?(must|has|is|repeats) /);
        expect(message).not.toMatch(/received|expected|[<>]=/);
        expect(message.length).toBeLessThan(300);
      }
    }
  }
});
