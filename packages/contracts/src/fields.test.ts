import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imagePath, queryTexts, text } from './fields.ts';

describe('a string', () => {
  test.each([
    [0, 3],
    [1, 3],
    [2, 5],
  ])('of %i to %i characters is measured in code points, not in bytes or UTF-16 units', (least, most) => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀'), maxLength: 12 }), (value) => {
        const count = [...value].length;
        expect(text(least, most).safeParse(value).success).toBe(count >= least && count <= most);
      }),
    );
  });

  test('with a NUL character is refused', () => {
    expect(
      text(1, 3)
        .safeParse('a\0')
        .error?.issues.map(({ message }) => message),
    ).toEqual(['has a NUL character']);
    expect(queryTexts.safeParse('a,b\0').success).toBe(false);
  });

  test.each(['\ud800', 'a\udc00b'])('with half of a surrogate pair is refused', (value) => {
    expect(text(1, 3).safeParse(value).success).toBe(false);
  });
});

describe('an image path', () => {
  test.each([
    ['a', 1],
    ['é', 2],
    ['漢', 3],
    ['😀', 4],
  ])('made of %s has at most 1,024 bytes of UTF-8', (character, bytes) => {
    const longest = character.repeat(Math.floor(1024 / bytes));
    expect(imagePath.safeParse(longest).success).toBe(true);
    expect(imagePath.safeParse(longest + character).success).toBe(false);
  });
});
