import fc from 'fast-check';

function nested(depth: number): unknown {
  let value: unknown = 'bottom';
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** Strings that have broken other programs. */
export const hostileText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '.',
    '..',
    '../../etc/passwd',
    '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
    '%252e%252e%252f',
    '%c0%ae%c0%ae/',
    '%',
    '%zz',
    'a/../b',
    '..\\..',
    'file:///etc/passwd',
    '\0',
    'a\0b',
    '\r\nX-Injected: yes',
    '\ud800',
    '\udfff\ud800',
    '\u202e\u2066',
    '💾'.repeat(70),
    '__proto__',
    'constructor',
    'toString',
    '{backup_id}',
    '{project_id}',
    "' OR 1=1 --",
    '"; DROP TABLE backups; --',
    '%_\\',
    '$(id)',
    'NaN',
    'Infinity',
    '-0',
    '1e400',
    '9007199254740993',
    '0x10',
    '99999999999999999999999',
    '2026-02-30T00:00:00Z',
    '0000-00-00T00:00:00Z',
    '1,,2',
    'name:asc,name:desc',
    'a'.repeat(300),
    'a'.repeat(5000),
  ),
  fc.string({ unit: 'binary', maxLength: 80 }),
);

/** JSON values that no schema accepts, or that are at its limits. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      null,
      true,
      false,
      0,
      -0,
      -1,
      0.5,
      2 ** 31,
      2 ** 32,
      2 ** 53,
      2 ** 63,
      -(2 ** 63),
      5e-324,
      1.7976931348623157e308,
    ),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom([], {}, nested(31), nested(33), nested(2000), Array(200).fill({})) },
);
