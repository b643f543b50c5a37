import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from './connection.ts';

test.each(['read', 'query'] as const)('a connection with %s access cannot write', (access) => {
  const root = mkdtempSync(join(tmpdir(), 'backup-sync-connection-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const path = join(root, 'catalogue.sqlite');
  using writer = connect(path, 'write').sqlite;
  writer.exec('CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES (1)');
  using reader = connect(path, access).sqlite;
  expect(() => reader.exec('INSERT INTO notes VALUES (2)')).toThrow('attempt to write a readonly database');
  expect(reader.prepare('SELECT text FROM notes').all()).toHaveLength(1);
});
