import { createClient } from '@backup-sync/core';

const projectId = '0605767b5a80d5762fb7c00c3fcf1b5d';

// A user with password: a token is fetched when it is first needed, and renewed before its end.
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

// An access key pair: every request is signed.
export const huaweiCloud = createClient({
  endpoint: 'https://cbr.eu-west-101.myhuaweicloud.eu',
  projectId,
  credentials: { accessKey: 'access key', secretKey: 'secret key' },
});
