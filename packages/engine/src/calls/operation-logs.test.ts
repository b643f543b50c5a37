import { expect, test } from 'vitest';
import { startClockedEngine } from '../testing/clocked-engine.ts';
import { writeSmallChain } from '../testing/small-chain.ts';
import { makeTestBuckets } from '../testing/test-buckets.ts';

const bucket = 'volumebackups';

test('an import and the run of a source have an operation log; a scan started by a caller has none', async () => {
  await using buckets = await makeTestBuckets();
  for (const backup of writeSmallChain('logs', 8, [])) await buckets.put(bucket, backup.objects);
  await using engine = await startClockedEngine(buckets.directory);
  const { source } = await engine.call('addSource', { name: 'nightly', bucket_name: bucket });
  const run = (await engine.call('scanSource', { source_id: source.id })).operation_id;
  await engine.ended(run);
  const { findings } = await engine.call('listScanFindings', { operation_id: run });
  const imported = (await engine.imported(findings))[0]?.id ?? '';
  const scan = (await engine.scan({ bucket_name: bucket })).operation.id;
  const typeOf = async (id: string) =>
    (await engine.call('showOperationLog', { operation_log_id: id })).operation_log.extra_info.resource?.type;
  expect(await typeOf(run)).toBe('vault');
  expect(await typeOf(imported)).toBe('OS::Cinder::Volume');
  await expect(typeOf(scan)).rejects.toMatchObject({ code: 'operation_log_not_found' });
});
