import type { Network } from '../network.ts';
import type { StorageUnit } from './port.ts';

/** How an S3 service is reached. Plain data: threads are given it too. */
export type StorageEnvironment = {
  /** Region that requests are signed for. */
  readonly region?: string | undefined;
  /** Where a bucket stands in an address: in the path, or in the host name; `path` if it is not said. */
  readonly addressing?: 'path' | 'virtual' | undefined;
  readonly network?: Network | undefined;
};

/** Region that requests are signed for where none is given; services other than Amazon's take it for any. */
const defaultRegion = 'us-east-1';

/** A storage unit is described in a way that names none. The message says what is wrong and what is expected. */
export class StorageSpecificationError extends Error {
  override readonly name = 'StorageSpecificationError';

  constructor(specification: string, problem: string) {
    const forms = 'Give file:<directory> (e.g. file:/srv/backups) or s3:<address> (e.g. s3:https://obs.example.com).';
    super(`storage unit ${JSON.stringify(withoutCredentials(specification))}: ${problem}. ${forms}`);
  }
}

/**
 * Opens what `specification` names: `file:<directory>`, a directory whose subdirectories are buckets, or
 * `s3:<address>`, a service that speaks S3, with credentials from where the AWS SDK looks for them. Loads the driver
 * that it needs and no other.
 *
 * `onNotice` is told in plain sentences what a service does not offer or has wrong, and what is done instead.
 *
 * Throws {@link StorageSpecificationError}, and `StorageError` where the directory is not there.
 */
export async function openStorageUnit(
  specification: string,
  environment: StorageEnvironment = {},
  { id = 'default', onNotice }: { readonly id?: string; readonly onNotice?: ((text: string) => void) | undefined } = {},
): Promise<StorageUnit> {
  const [, kind, place = ''] = /^([a-z0-9]+):(.*)$/s.exec(specification) ?? [];
  if (kind === 'file') {
    const directory = readDirectory(specification, place);
    const { openFilesystemStorageUnit } = await import('./filesystem/filesystem-storage-unit.ts');
    return openFilesystemStorageUnit({ id, directory });
  }
  if (kind === 's3') {
    const endpoint = readEndpoint(specification, place);
    const { openS3StorageUnit } = await import('./s3/s3-storage-unit.ts');
    const { region = defaultRegion, addressing, network } = environment;
    return openS3StorageUnit({ id, endpoint, region, addressing, network, onNotice });
  }
  throw new StorageSpecificationError(specification, 'starts with neither "file:" nor "s3:"');
}

/**
 * A specification as it may be shown: some put credentials into the address, so all up to the last `@` is left out, even
 * where it is no address.
 */
export function withoutCredentials(specification: string): string {
  if (specification.startsWith('file:')) return specification;
  return specification.replace(/^((?:s3:)?(?:https?:\/\/)?).*@/is, '$1');
}

function readDirectory(specification: string, place: string): string {
  if (place === '') throw new StorageSpecificationError(specification, 'names no directory');
  if (place.includes('\0')) throw new StorageSpecificationError(specification, 'has a NUL character');
  if (/^\/\/[^/]/.test(place)) throw new StorageSpecificationError(specification, 'names a host, not a directory');
  return place;
}

function readEndpoint(specification: string, place: string): string {
  const refuse = (problem: string) => new StorageSpecificationError(specification, problem);
  const url = URL.parse(place);
  if (url === null) throw refuse('has no complete address after "s3:"');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('has an address that is not http or https');
  if (url.username !== '' || url.password !== '') {
    throw refuse('has credentials in its address; they belong in the environment');
  }
  if (url.search !== '' || url.hash !== '') throw refuse('has an address with a query or fragment');
  return url.href;
}
