import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { CbrOperationLog, ScanNews } from '@backup-sync/core';
import { expect, test } from 'vitest';
import { showScanProgress } from './scan-progress.ts';
import { SyncTally } from './sync-tally.ts';
import type { Terminal } from './terminal.ts';

/** A stream that records what is written, as a terminal of 80 columns or not. */
function terminalOn(messages: PassThrough, { isTTY }: { readonly isTTY: boolean }): Terminal {
  const stream = Object.assign(
    messages,
    isTTY ? { isTTY, columns: 80, rows: 24 } : {},
  ) as unknown as NodeJS.WriteStream;
  return { output: stream, messages: stream, json: false };
}

const newsOf = (complete: boolean, objects: number) =>
  ({
    findings: [],
    complete,
    operation: { waiting_for: null, progress: { objects_listed: objects, backups_found: 1500, described: 7 } },
  }) as unknown as ScanNews;
const log = (status: 'success' | 'failed') =>
  ({ id: 'log', status, error_info: { message: 'the disk is gone' }, backup_sync: null }) as unknown as CbrOperationLog;

test('without a terminal, an importing scan prints lines about its listing, then about its imports', async () => {
  const messages = new PassThrough();
  const tally = new SyncTally();
  const progress = showScanProgress(terminalOn(messages, { isTTY: false }), tally);
  progress.shows(newsOf(false, 99_999));
  tally.accepted = 1500;
  progress.shows(newsOf(false, 200_000));
  progress.shows(newsOf(true, 250_000));
  for (let ended = 0; ended < 1000; ended += 1) {
    const each = log(ended === 0 ? 'failed' : 'success');
    tally.add(each);
    progress.ended(each);
  }
  progress.stop();
  messages.end();
  const lines = (await text(messages)).trim().split('\n');
  expect(lines).toEqual([
    'scanning: 200,000 objects, 1,500 backups found, 7 read; 0 ended of 1,500 accepted',
    'failed: log: the disk is gone',
    expect.stringMatching(/^1,000 of 1,500 ended \(66%\), [\d,]+\/s, about .* left, 1 failed$/),
  ]);
});

test('on a terminal, one line changes, and has the time left once the listing is complete', async () => {
  const messages = new PassThrough();
  const tally = new SyncTally();
  const progress = showScanProgress(terminalOn(messages, { isTTY: true }), tally);
  progress.shows(newsOf(true, 10));
  tally.accepted = 10;
  tally.add(log('success'));
  let shown = '';
  while (!shown.includes('left')) shown += String((await once(messages, 'data'))[0]);
  progress.stop();
  expect(shown).toMatch(/1 of 10 ended \(10%\), [\d.]+\/s, about .* left/);
});
