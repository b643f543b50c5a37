import { ordinaryBudget, type StorageDriver } from '../driver.ts';

/** Region that requests are signed for if none is given. Services other than Amazon's accept any region. */
const defaultRegion = 'us-east-1';

/** Storage in a service that speaks S3. Credentials come from the AWS SDK's usual sources. */
export const s3Driver: StorageDriver = {
  scheme: 's3',
  form: 's3:<endpoint>',
  example: 's3:https://obs.example.com',
  placeKind: 'address',
  parse(place, refuse) {
    const url = URL.parse(place);
    if (url === null) throw refuse('has no complete address after "s3:"');
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('has an address that is not http or https');
    if (url.username !== '' || url.password !== '') {
      throw refuse('has credentials in its address; set them in the environment instead');
    }
    if (url.search !== '' || url.hash !== '') throw refuse('has an address with a query or fragment');
    return {
      canonical: () => url.href,
      host: url.hostname.replace(/^\[|\]$/g, ''),
      async open({ id, environment: { region = defaultRegion, addressing, network }, onNotice }) {
        const { openS3StorageUnit } = await import('./s3-storage-unit.ts');
        return openS3StorageUnit({ id, endpoint: url.href, region, addressing, network, onNotice });
      },
    };
  },
  // Some people put credentials into the address, so everything up to the last `@` is removed, even if it is malformed.
  withoutCredentials: (place) => place.replace(/^((?:https?:\/\/)?).*@/is, '$1'),
  defaultBudget: ordinaryBudget,
  leastPolicy: {
    kind: 'an S3 policy',
    // Nothing here needs more than to list and read. GetObject also allows HEAD.
    of(bucketNames) {
      const resources = (suffix: string) => bucketNames.map((name) => `arn:aws:s3:::${name}${suffix}`);
      return {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: resources('') },
          { Effect: 'Allow', Action: ['s3:GetObject'], Resource: resources('/*') },
        ],
      };
    },
  },
  listBuckets: null,
};
