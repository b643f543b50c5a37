import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalogue } from './catalogue.ts';
import type { OpenCatalogue } from './fixtures-for-conformance.ts';

/** Tests what every store of settings does. */
export function describeSettings(open: OpenCatalogue): void {
  let catalogue: Catalogue;

  beforeAll(async () => {
    catalogue = await open();
  });
  afterAll(() => catalogue[Symbol.asyncDispose]());

  test('keeps the first value of a setting, no matter who stores it, until it is replaced', async () => {
    const { settings } = catalogue;
    expect(await settings.readSetting('storage_unit')).toBeNull();
    const kept = await Promise.all(['a', 'b', 'c'].map((value) => settings.keepSetting('storage_unit', value)));
    expect(new Set(kept).size).toBe(1);
    expect(await settings.readSetting('storage_unit')).toBe(kept[0]);
    expect(await settings.readSetting('seal_check')).toBeNull();
    await settings.replaceSetting('storage_unit', 'd');
    await settings.replaceSetting('seal_check', 'e');
    expect(await settings.keepSetting('storage_unit', 'f')).toBe('d');
    expect(await settings.readSetting('seal_check')).toBe('e');
  });
}
