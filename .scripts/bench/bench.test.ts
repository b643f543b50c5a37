import { expect, test } from 'vitest';
import { printContent } from './content.ts';
import { printScan } from './scan.ts';

test('the rows that read data and scan buckets say what they measured', async () => {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  await printContent(print, 1, 1);
  await printScan(print, 1000);
  const text = lines.join('\n');
  for (const compression of ['none', 'zlib']) {
    expect(text).toMatch(
      new RegExp(`${compression}: 1 MiB plain, .*\\n +content \\d+ MiB/s; .*\\n +replay .* \\d+ MiB/s`),
    );
  }
  expect(text).toMatch(/1000 objects, 10 backups found and 10 described in .* objects\/s, peak \d+ MiB/);
});
