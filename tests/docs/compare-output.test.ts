import { describe, expect, test } from 'vitest';
import { keepElisions, matches } from '../../tools/docs/compare-output.ts';

describe('an output matches what a page shows', () => {
  test.each([
    ['the same lines', ['a', 'b'], ['a', 'b'], true],
    ['another line', ['a', 'b'], ['a', 'c'], false],
    ['a line more', ['a'], ['a', 'b'], false],
    ['a line less', ['a', 'b'], ['a'], false],
    ['lines that are left out', ['a', '…', 'd'], ['a', 'b', 'c', 'd'], true],
    ['nothing that is left out', ['a', '…', 'd'], ['a', 'd'], true],
    ['another line behind those left out', ['a', '…', 'd'], ['a', 'b', 'e'], false],
    ['columns of another width', ['NAME  ID', 'a     1'], ['NAME    ID', 'a       1'], true],
    [
      'another id made here',
      ['id 01a219f0-4c11-7632-8923-d34859acb5cd'],
      ['id 01a219f8-2ccc-7010-935b-7d4bc6ae61ea'],
      true,
    ],
    [
      'another id of a backup',
      ['f9057636-fb85-4561-8f04-cb52c9d22b68'],
      ['e4928728-f83e-4e23-8101-fafb5225c1e0'],
      false,
    ],
    ['another time', ['at 2026-11-26 22:00:00'], ['at 2026-11-27T22:18:28Z'], true],
    ['another time of a backup', ['at 2026-09-02 02:00:00'], ['at 2026-09-03 02:00:00'], false],
    ['another estimate', ['takes about 0.3 s'], ['takes less than 0.1 s'], true],
    ['another limit', ['none within 26 h'], ['none within 50 h'], false],
    [
      'another age',
      ['(84 d old)', 'a=7332937s;1;2', 'a  84 d  -'],
      ['(101 d old)', 'a=8332937s;1;2', 'a  101 d  -'],
      true,
    ],
    ['another secret', [`key: ${'Nv-WCfix'.repeat(5)}Nv_`], [`key: ${'Ab-1Cfix'.repeat(5)}Ab_`], true],
    ['another access key', ['DAABD8F2DC3AA71AE0C2'], ['6850330C6903A04D013E'], true],
    ['another variable', ['set AWS_ACCESS_KEY_ID'], ['set BACKUP_SYNC_ACCESS_KEY'], false],
    ['another error of S3', ['answers AuthorizationHeaderMalformed'], ['answers VirtualHostDomainRequired'], false],
    ['another size', ['6.2 KiB'], ['6.3 KiB'], false],
    ['another digest', ['0f98abef78fd2c4e75bad105e991b5ec'], ['0c00e4e9b8502c802f0c93f11d7534f8'], false],
  ])('with %s', (_name, shown, printed, expected) => {
    expect(matches(shown, printed)).toBe(expected);
  });
});

describe('a new output', () => {
  test('leaves out what the page left out', () => {
    expect(keepElisions(['status old', '…', 'reason old'], ['status new', 'x', 'y', 'reason new'])).toEqual([
      'status new',
      '…',
      'reason new',
    ]);
  });

  test('is shown in full if its lines begin otherwise', () => {
    expect(keepElisions(['status old', '…'], ['other', 'lines'])).toEqual(['other', 'lines']);
  });
});
