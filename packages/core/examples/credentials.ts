import { createClient } from '@backup-sync/core';

const projectId = '0605767b5a80d5762fb7c00c3fcf1b5d';

// User and password: the client fetches a token when it first needs one, and renews it before it expires.
export const openTelekomCloud = createClient({
  endpoint: 'https://cbr.eu-de.otc.t-systems.com',
  projectId,
  credentials: {
    user: 'user',
    password: 'password',
    domain: 'OTC00000000001000000000',
    identityEndpoint: 'https://iam.eu-de.otc.t-systems.com',
  },
});

// Access key pair: the client signs every request.
export const huaweiCloud = createClient({
  endpoint: 'https://cbr.eu-west-101.myhuaweicloud.eu',
  projectId,
  credentials: { accessKey: 'access key', secretKey: 'secret key' },
});
