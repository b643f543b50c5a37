import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imagePathProblem } from './image-path.ts';

describe('an image path', () => {
  test.each([
    '6abec15e-7baf-4d79-b5a9-6b98a2da7020/cfe0295c-5939-4b31-96cd-161b4725e7ad/cfe0295c-5939-4b31-96cd-161b4725e7ad',
    'volume_1/20260301020000/az_my zone %_backup_2',
    'a',
    '..a/b..',
    '备份/é~*',
    'discount-100%/x',
  ])('may be %s', (path) => {
    expect(imagePathProblem(path)).toBeUndefined();
  });

  test.each([
    ['/etc/passwd', 'starts with "/"'],
    ['a//b', 'empty segment'],
    ['a/b/', 'empty segment'],
    ['a/./b', 'segment "."'],
    ['../x', 'segment ".."'],
    ['a/%2e%2e/b', 'once percent-decoded'],
    ['a/%252e%252e/b', 'once percent-decoded'],
    ['a%2f..%2fb', 'once percent-decoded'],
    ['%c0%ae%c0%ae/x', 'once percent-decoded'],
    ['a/%E0%80%AE./b', 'once percent-decoded'],
    [`%${'25'.repeat(20)}41`, 'once percent-decoded'],
    ['a%5cb', 'backslash'],
    ['a\\b', 'backslash'],
    ['a\0b', 'NUL'],
    ['a%00b', 'NUL'],
    ['a/\ud800', 'surrogate'],
  ])('may not be %j, and the problem says %s', (path, reason) => {
    expect(imagePathProblem(path)).toContain(reason);
  });

  test('that is accepted never leaves its bucket, however often it is decoded', () => {
    const pieces = fc.constantFrom(
      '.',
      '..',
      '/',
      '%',
      '2e',
      '2f',
      '25',
      '5c',
      'a',
      '%2E',
      '%2F',
      '%25',
      '%c0%ae',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 12 }), (parts) => {
        let path = parts.join('');
        if (imagePathProblem(path) !== undefined) return;
        for (let round = 0; round < 6; round += 1) {
          expect(posix.join('/bucket', path).startsWith('/bucket/')).toBe(true);
          try {
            path = decodeURIComponent(path);
          } catch {
            path = unescape(path);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
