import { expect, test } from 'vitest';
import { pluginLine, pluginName } from './plugin-output.ts';

const age = { warning: 72_000, critical: 93_600 };

test('the performance data follows the message, as monitors read it', () => {
  const performance = [
    { label: 'resources', value: 2 },
    { label: 'vm-7', value: 3600, age },
    { label: 'never backed up', value: null, age: { ...age, warning: null } },
  ];
  expect(pluginLine('OK', 'all is well', performance)).toBe(
    "OK: all is well | 'resources'=2 'vm-7'=3600s;72000;93600;0 'never backed up'=U;;93600;0",
  );
});

test('a name can neither end the line nor begin or break the performance data', () => {
  const name = "it's|a=b;c\r\nd\u2028e\u202ef";
  const line = pluginLine('CRITICAL', `${pluginName(name)} is late`, [{ label: name, value: 1, age }]);
  const [message, figures, ...more] = line.split('|');
  expect(more).toEqual([]);
  expect(message).toBe("CRITICAL: it's¦a=b;c d e\u{fffd}f is late ");
  expect(figures).toBe(" 'it_s_a_b;c__d_e_f'=1s;72000;93600;0");
  expect(pluginName('x'.repeat(255))).toHaveLength(60);
});
