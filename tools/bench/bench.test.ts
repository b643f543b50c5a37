import { expect, test } from 'vitest';
import { printContent } from './content.ts';
import { printRunRequests } from './run-requests.ts';
import { printScan } from './scan.ts';

test('the rows of reading data and scanning buckets say what was measured', async () => {
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

test('the rows of a source say which requests its runs made to storage', async () => {
  const lines: string[] = [];
  await printRunRequests((line) => lines.push(line), 10);
  const text = lines.join('\n');
  for (const format of ['Cinder, 2 volumes of 5', 'Longhorn, 1 volumes of 100']) {
    const first = String.raw`first: run 1 LIST, \d+ GET, accepts \d+; with its imports \d LIST, \d+ GET; success; .*`;
    const unchanged = 'unchanged: run 1 LIST, 0 GET, accepts 0; with its imports 0 LIST, 0 GET; success; ';
    expect(text).toMatch(new RegExp(`${format} backups, \\d+ objects\n +${first}\n +${unchanged}`));
  }
  expect(text.match(/one object lost: .*; failed; /g)).toHaveLength(2);
});
