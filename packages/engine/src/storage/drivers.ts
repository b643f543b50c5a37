import type { StorageDriver, StorageLocation } from './driver.ts';

import { filesystemDriver } from './filesystem/filesystem-driver.ts';
import { s3Driver } from './s3/s3-driver.ts';

/** All storage drivers. No other code knows a scheme: a new driver needs only its folder and a line here. */
export const storageDrivers: readonly StorageDriver[] = [filesystemDriver, s3Driver];

/** A specification does not name a storage unit. The message says what is wrong and what is expected. */
export class StorageSpecificationError extends Error {
  override readonly name = 'StorageSpecificationError';

  constructor(specification: string, problem: string) {
    const forms = storageDrivers.map(({ form, example }) => `${form} (e.g. ${example})`);
    super(`storage unit ${JSON.stringify(withoutCredentials(specification))} ${problem}. Give ${forms.join(' or ')}.`);
  }
}

/** Finds the driver that a specification names, and the place after its scheme; null if no driver has the scheme. */
export function findDriver(specification: string): { readonly driver: StorageDriver; readonly place: string } | null {
  const [, scheme, place = ''] = /^([a-z0-9]+):(.*)$/s.exec(specification) ?? [];
  const driver = storageDrivers.find((each) => each.scheme === scheme);
  return driver === undefined ? null : { driver, place };
}

/** Parses a specification such as `file:/srv/backups`. Throws {@link StorageSpecificationError}. */
export function parseStorage(specification: string): {
  readonly driver: StorageDriver;
  readonly location: StorageLocation;
} {
  const refuse = (problem: string) => new StorageSpecificationError(specification, problem);
  const found = findDriver(specification);
  if (found === null) {
    const schemes = storageDrivers.map(({ scheme }) => `"${scheme}:"`);
    throw refuse(`starts with neither ${schemes.join(' nor ')}`);
  }
  return { driver: found.driver, location: found.driver.parse(found.place, refuse) };
}

/** Removes anything that may be a credential from a specification, even if it is malformed. */
export function withoutCredentials(specification: string): string {
  const found = findDriver(specification);
  if (found !== null) return `${found.driver.scheme}:${found.driver.withoutCredentials(found.place)}`;
  const schemes = storageDrivers.map(({ scheme }) => scheme).join('|');
  return specification.replace(new RegExp(`^((?:(?:${schemes}):)?(?:https?://)?).*@`, 'is'), '$1');
}
