import { describe, expect, test } from 'vitest';
import { createUserInput, userInput } from './user.ts';

const create = (name: string) =>
  createUserInput.safeParse({ project_id: 'p', name, password: 'long enough to be one' });

describe('the name of a new user', () => {
  test.each(['ada', 'Ada Lovelace', 'ada@corp', 'Zoë', '李雷', 'd’Arc', '\u{1f600}'])('may be %j', (name) => {
    expect(create(name).success).toBe(true);
  });

  test.each([
    ['admin ', 'begins or ends with a space'],
    [' admin', 'begins or ends with a space'],
    ['ad\u200bmin', 'control, formatting'],
    ['\u001b[31madmin', 'control, formatting'],
    ['nimda\u202e', 'control, formatting'],
    ['ad\u034fmin', 'control, formatting'],
    ['ad\u2028min', 'control, formatting'],
    ['ad\ufe0fmin', 'control, formatting'],
    ['ａｄｍｉｎ', 'in NFKC form'],
    ['Zoe\u0308', 'in NFKC form'],
    ['ad\u00a0min', 'in NFKC form'],
  ])('may not be %j, which looks like another name', (name, problem) => {
    expect(create(name).error?.issues).toMatchObject([{ path: ['name'], message: expect.stringContaining(problem) }]);
  });
});

test('an existing user with such a name is still found by it', () => {
  for (const name of ['admin ', 'ad\u200bmin', 'ａｄｍｉｎ', 'Zoe\u0308']) {
    expect(userInput.parse({ project_id: 'p', user_name: name }).user_name).toBe(name);
  }
});
