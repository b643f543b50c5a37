import { cp, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { examples, run, startServer, temporaryDirectory } from './testing.ts';

test('a server logs one line when a bucket does not answer, and one when it answers again', async () => {
  await using home = await temporaryDirectory();
  const buckets = join(home.path, 'buckets');
  await cp(join(examples, 'buckets'), buckets, { recursive: true });
  const dataDirectory = join(home.path, 'data');
  await using server = await startServer(dataDirectory, `file:${buckets}`);
  const lines: string[] = [];
  const said = { line: Promise.withResolvers<void>() };
  createInterface(server.process.stderr).on('line', (line) => {
    if (!line.includes('event=outage.')) return;
    lines.push(line);
    said.line.resolve();
  });
  const { output } = await run(['token', '--json', '--data-dir', dataDirectory, '--storage', `file:${buckets}`]);
  const headers = { 'Content-Type': 'application/json', 'X-Auth-Token': JSON.parse(output).token };
  const request: { sync: { bucket_name: string }[] } = JSON.parse(
    await readFile(join(examples, 'sync-request.json'), 'utf8'),
  );
  const sync = request.sync.filter(({ bucket_name: name }) => name === 'vmware-backups');
  const address = `${server.endpoint}/v3/${server.projectId}/backups/sync`;
  const send = () => fetch(address, { method: 'POST', headers, body: JSON.stringify({ sync }) });

  await rename(buckets, `${buckets}-away`);
  expect((await send()).status).toBe(200);
  await said.line.promise;
  said.line = Promise.withResolvers();
  await rename(`${buckets}-away`, buckets);
  expect((await send()).status).toBe(200);
  await said.line.promise;
  expect(lines).toEqual([
    expect.stringMatching(
      /^\d{4}-[\d-]+T[\d:.]+Z warn {2}Bucket "vmware-backups" does not answer: .* Its work waits until it answers again\. event=outage\.began bucket=vmware-backups reason=storage_unreachable$/,
    ),
    expect.stringMatching(
      /^\d{4}-[\d-]+T[\d:.]+Z info {2}Bucket "vmware-backups" answers again after \d+ s\. Its work continues\. event=outage\.ended bucket=vmware-backups duration_ms=\d+$/,
    ),
  ]);
});
