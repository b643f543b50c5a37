import { describe, expect, test } from 'vitest';
import { createUserInput, userInput } from './user.ts';

const create = (name: string) =>
  createUserInput.safeParse({ project_id: 'p', name, password: 'long enough to be one' });

describe('the name of a user who is made', () => {
  test.each(['ada', 'Ada Lovelace', 'ada@corp', 'Zoë', '李雷', 'd’Arc', '\u{1f600}'])('may be %j', (name) => {
    expect(create(name).success).toBe(true);
  });

  test.each([
    ['admin ', 'begins or ends with a space'],
    [' admin', 'begins or ends with a space'],
    ['ad\u200bmin', 'control or formatting'],
    ['\u001b[31madmin', 'control or formatting'],
    ['nimda\u202e', 'control or formatting'],
    ['ad\u034fmin', 'control or formatting'],
    ['ad\u2028min', 'control or formatting'],
    ['ad\ufe0fmin', 'control or formatting'],
    ['ａｄｍｉｎ', 'as NFKC has them'],
    ['Zoe\u0308', 'as NFKC has them'],
    ['ad\u00a0min', 'as NFKC has them'],
  ])('is not %j, which could be taken for another', (name, problem) => {
    expect(create(name).error?.issues).toMatchObject([{ path: ['name'], message: expect.stringContaining(problem) }]);
  });
});

test('a user who was made with such a name before is still named by it', () => {
  for (const name of ['admin ', 'ad\u200bmin', 'ａｄｍｉｎ', 'Zoe\u0308']) {
    expect(userInput.parse({ project_id: 'p', user_name: name }).user_name).toBe(name);
  }
});
