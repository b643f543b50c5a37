import { describe, expect, test } from 'vitest';
import { startService } from './testing/service.ts';
import { cloudBackup, cloudLog } from './testing/wire.ts';

/** Returns the ids on the page after `marker`, out of `total` records. */
function page(url: string, total: number, cap = 1000): string[] {
  const query = new URL(url, 'http://service').searchParams;
  const after = query.get('marker');
  const start = after === null ? 0 : Number(after) + 1;
  const limit = Math.min(cap, Number(query.get('limit')));
  return Array.from({ length: Math.max(0, Math.min(limit, total - start)) }, (_, index) => String(start + index));
}

describe('a whole listing', () => {
  test('is read page by page, with the filter', async () => {
    await using service = await startService(({ url }) => {
      const backups = page(url, 2_500).map(cloudBackup);
      return { body: { backups, count: 2_500, limit: 1000, offset: 0 } };
    });
    const ids = [];
    for await (const { id } of service.client().allBackups({ status: ['error'] })) ids.push(id);
    expect(ids).toEqual(Array.from({ length: 2_500 }, (_, index) => String(index)));
    expect(service.seen.map(({ url }) => url.split('?')[1])).toEqual([
      'status=error&limit=1000',
      'status=error&limit=1000&marker=999',
      'status=error&limit=1000&marker=1999',
    ]);
  });

  test('is read from a service with smaller pages too, whether it says so or not', async () => {
    for (const limit of [100, undefined]) {
      await using service = await startService(({ url }) => ({
        body: { operation_logs: page(url, 250, 100).map((id) => cloudLog(id, 'success')), limit },
      }));
      expect((await Array.fromAsync(service.client().allOperationLogs())).length).toBe(250);
    }
  });

  test('fails with a service that ignores the marker, instead of repeating a page endlessly', async () => {
    await using service = await startService(() => ({ body: { backups: [cloudBackup('a')], limit: 1 } }));
    await expect(Array.fromAsync(service.client().allBackups())).rejects.toMatchObject({ code: 'unexpected_answer' });
    expect(service.seen.length).toBe(2);
  });
});
