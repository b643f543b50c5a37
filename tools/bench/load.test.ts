import { expect, test } from 'vitest';
import { meetsTarget } from './figure.ts';
import { measureLoad } from './measure-load.ts';

test('a server starts below 220 MiB and stays below 300 MiB while it lists, scans and replays, and the rows say so', {
  // Three processes start one after the other, maybe on a slow machine.
  timeout: 300_000,
}, async () => {
  const lines: string[] = [];
  const figures = await measureLoad((line) => lines.push(line), {
    records: 20_000,
    objects: 20_000,
    // A smaller volume is replayed without a thread.
    replayMiB: 40,
    latencySeconds: 0.2,
    rounds: 1,
    items: 200,
    busySeconds: 4,
    sampleSeconds: 1,
  });
  const text = lines.join('\n');
  for (const work of ['nothing', 'listing', 'scan', 'replay']) {
    expect(text).toMatch(new RegExp(`during ${work} +p50 +\\d+ ms +p99 +\\d+ ms +max +\\d+ ms +\\(\\d+ calls\\)`));
  }
  expect(text).toMatch(/peak \d+ MiB; \d+ calls of 50, \d+ pages, \d+ scans, \d+ replays; a POST p50 \d+ ms/);
  const [, startMiB] = /^ +0 s +(\d+) MiB$/m.exec(text) ?? [];
  expect(Number(startMiB)).toBeGreaterThan(50);
  expect(Number(startMiB)).toBeLessThan(220);
  expect(text).toMatch(/peak \d+ MiB; 200 items in \d+ s/);
  const peak = figures.findLast(({ name }) => name.endsWith(': peak resident memory'));
  expect(peak?.value).toBeGreaterThan(Number(startMiB));
  expect(peak && meetsTarget(peak)).toBe(true);
});
