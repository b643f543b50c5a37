import { Writable } from 'node:stream';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type LogSettings, openLog } from './open-log.ts';

afterEach(() => void vi.useRealTimers());

/** A stream that keeps what it gets. While `isStuck`, its reader takes nothing, as with a full pipe. */
class Reader extends Writable {
  text = '';
  isStuck = false;
  #next: (() => void) | null = null;

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(chunk: string, _encoding: string, taken: () => void): void {
    const take = () => {
      this.text += chunk;
      taken();
    };
    if (this.isStuck) this.#next = take;
    else take();
  }

  readAgain(): void {
    this.isStuck = false;
    this.#next?.();
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1);
  }

  get entries(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line));
  }
}

function open(settings: Partial<LogSettings> = {}) {
  const reader = new Reader();
  const log = openLog(reader, { level: 'info', format: 'text', isForJournal: false, ...settings });
  onTestFinished(() => log[Symbol.dispose]());
  return { reader, ...log, close: log[Symbol.dispose] };
}

/** A name that ends the line, forges an entry, changes the colours and the direction of writing, and quotes. */
const hostile = 'a\r\n2026-01-01T00:00:00.000Z error fault \u001b[2J\u009b31m\u202e\u2028 "x" event=fault';

describe('each entry is one line, and nothing in it controls a terminal:', () => {
  test('as text', () => {
    const { reader, log } = open();
    log('outage.began', `Bucket ${JSON.stringify(hostile)} does not answer.`, { bucket: hostile, reason: 'x' });
    log('outage.ended', hostile, { bucket: 'b', duration_ms: 5 });
    expect(reader.lines).toHaveLength(2);
    for (const line of reader.lines) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:warn|info) {2}\S/);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
    }
    expect(reader.lines[1]).toMatch(/ event=outage\.ended bucket=b duration_ms=5$/);
    expect(reader.lines[0]).toContain(' event=outage.began bucket="a\\r\\n2026-');
  });

  test('as JSON, which has the text unchanged', () => {
    const { reader, log } = open({ format: 'json' });
    log('outage.began', hostile, { bucket: hostile, reason: null });
    expect(reader.text.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
    expect(reader.entries).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
        event: 'outage.began',
        bucket: hostile,
        msg: hostile,
      },
    ]);
  });
});

test('in the journal, a line has its priority instead of the time', () => {
  const { reader, log, onFault } = open({ isForJournal: true, level: 'debug' });
  log('outage.began', 'It is away.', { bucket: 'b' });
  log('outage.ended', 'It is back.', { bucket: 'b' });
  log('item.succeeded', 'Done.', {});
  onFault('a place', 'a reason', { operation_id: 'o' });
  expect(reader.lines).toEqual([
    '<4>It is away. event=outage.began bucket=b',
    '<6>It is back. event=outage.ended bucket=b',
    '<7>Done. event=item.succeeded',
    '<3>fault at a place: a reason event=fault operation_id=o place="a place"',
  ]);
});

test('a fault has its stack and causes, and nothing else from the error', () => {
  const { reader, onFault } = open({ format: 'json' });
  const cause = Object.assign(new Error('refused'), { headers: { authorization: 'a-secret' } });
  onFault('request 1', new TypeError('no answer', { cause }), { request_id: '1' });
  expect(reader.entries).toMatchObject([
    {
      level: 'error',
      event: 'fault',
      request_id: '1',
      place: 'request 1',
      msg: 'fault at request 1: TypeError: no answer',
    },
  ]);
  const [{ stack } = {}] = reader.entries;
  expect(stack).toMatch(/^TypeError: no answer\n {4}at .*\ncaused by: Error: refused\n {4}at /s);
  expect(reader.text).not.toContain('a-secret');
});

test('the level can be changed while the process runs', () => {
  const { reader, log, setLevel } = open({ level: 'warn', format: 'json' });
  const writeAll = () => {
    log('catalogue.unavailable', 'error', {});
    log('node.lost', 'warn', {});
    log('node.returned', 'info', {});
    log('item.succeeded', 'debug', {});
  };
  writeAll();
  setLevel('debug');
  writeAll();
  setLevel('error');
  writeAll();
  expect(reader.entries.map(({ msg }) => msg)).toEqual(['error', 'warn', 'error', 'warn', 'info', 'debug', 'error']);
});

test('of thousands of failures, 100 are written and the others counted', () => {
  const { reader, log, close } = open({ format: 'json' });
  for (let count = 0; count < 5_000; count += 1) log('item.failed', 'failed', { operation_id: `o-${count}` });
  log('outage.ended', 'It is back.', { bucket: 'b' });
  close();
  expect(reader.entries).toHaveLength(102);
  expect(reader.entries.slice(-2)).toMatchObject([
    { event: 'outage.ended' },
    { level: 'warn', event: 'log.left_out', left_out: 'item.failed', count: 4_900 },
  ]);
});

test('when a minute ends, the log says how many entries it left out, and the event is written again', () => {
  vi.useFakeTimers();
  const { reader, log } = open({ format: 'json' });
  for (let count = 0; count < 130; count += 1) log('hook.given_up', 'given up', {});
  vi.advanceTimersByTime(59_999);
  expect(reader.entries).toHaveLength(100);
  vi.advanceTimersByTime(1);
  expect(reader.entries.slice(100)).toMatchObject([{ event: 'log.left_out', left_out: 'hook.given_up', count: 30 }]);
  log('hook.given_up', 'given up', {});
  vi.advanceTimersByTime(120_000);
  expect(reader.entries.slice(101)).toMatchObject([{ event: 'hook.given_up' }]);
});

test('a frequent error of calls hides no other error, and failed imports hide no failed scan', () => {
  const { reader, log, close } = open({ format: 'json' });
  for (let count = 0; count < 150; count += 1) {
    log('call.refused', 'was refused', { error: 'backup_not_found' });
    log('item.failed', 'failed', { kind: 'import' });
  }
  reader.text = '';
  log('call.refused', 'was refused', { error: 'role_not_allowed' });
  for (let count = 0; count < 150; count += 1) log('operation.failed', 'failed', { kind: 'scan' });
  close();
  expect(reader.entries.filter(({ event }) => event === 'operation.failed')).toHaveLength(150);
  expect(reader.entries.filter(({ event }) => event !== 'operation.failed')).toMatchObject([
    { event: 'call.refused', error: 'role_not_allowed' },
    { event: 'log.left_out', left_out: 'call.refused', error: 'backup_not_found', count: 50 },
    { event: 'log.left_out', left_out: 'item.failed', count: 50 },
  ]);
});

test('while nobody reads, little is kept in memory; then the number of lost entries is written', () => {
  const { reader, log } = open({ format: 'json' });
  const entries = 20_000;
  const write = () => log('outage.ended', 'x'.repeat(500), { bucket: 'b' });
  reader.isStuck = true;
  for (let count = 0; count < entries; count += 1) write();
  expect(reader.writableLength).toBeLessThan(1024 * 1024 + 2_000);
  reader.readAgain();
  write();
  const kept = reader.entries.filter(({ event }) => event === 'outage.ended').length - 1;
  expect(kept).toBeGreaterThan(1_000);
  expect(reader.entries.at(-2)).toMatchObject({ level: 'warn', event: 'log.lost', count: entries - kept });
});
