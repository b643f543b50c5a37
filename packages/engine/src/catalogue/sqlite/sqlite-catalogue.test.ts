import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { makeDataDirectory } from '../../testing/data-directory.ts';
import { describeAudit } from '../audit-conformance.ts';
import { describeCatalogue } from '../catalogue-conformance.ts';
import { describeDeletion } from '../deletion-conformance.ts';
import { describeDirectory } from '../directory-conformance.ts';
import { describeEventStore } from '../event-store-conformance.ts';
import { describeFinishes } from '../finish-conformance.ts';
import { describeHeads } from '../head-conformance.ts';
import { describeIdentityStore } from '../identity-store-conformance.ts';
import { describeLanes } from '../lane-conformance.ts';
import { describeListings } from '../listing-conformance.ts';
import { describeMeasures } from '../measure-conformance.ts';
import { describeCatalogueModel } from '../model-conformance.ts';
import { describeNodes } from '../node-conformance.ts';
import { describeParents } from '../parents-conformance.ts';
import { describeParts } from '../part-conformance.ts';
import { describeRenaming } from '../rename-conformance.ts';
import { describeResources } from '../resource-conformance.ts';
import { describeRetention } from '../retention-conformance.ts';
import { describeRetries } from '../retry-conformance.ts';
import { describeSettings } from '../setting-conformance.ts';
import { describeSingleOperations } from '../single-operation-conformance.ts';
import { describeTakeovers } from '../takeover-conformance.ts';
import { openSqliteCatalogue } from './open-sqlite-catalogue.ts';

const root = mkdtempSync(join(tmpdir(), 'backup-sync-catalogue-'));
afterAll(() => rmSync(root, { recursive: true }));

let opened = 0;
async function newDirectory(): Promise<string> {
  opened += 1;
  const directory = join(root, String(opened));
  await makeDataDirectory(directory);
  return directory;
}
const open = async () => await openSqliteCatalogue({ directory: await newDirectory() });
const openInPlace = async () => await openSqliteCatalogue({ directory: await newDirectory(), inPlace: true });

describe('the catalogue on SQLite', () => describeCatalogue(open));
describe('listings of the catalogue on SQLite', () => describeListings(open));
describe('several imports that end in one step on SQLite', () => describeFinishes(open));
describe('parents in the catalogue on SQLite', () => describeParents(open));
describe('any order of steps on SQLite', () => describeCatalogueModel(open));
describe('the newest proved backups on SQLite', () => describeHeads(open));
describe('the overview of resources on SQLite', () => describeResources(open));
describe('the identity store on SQLite', () => describeIdentityStore(open));
describe('settings on SQLite', () => describeSettings(open));
describe('the directory on SQLite', () => describeDirectory(open));
describe('lanes on SQLite', () => describeLanes(open));
describe('deletion in the catalogue on SQLite', () => describeDeletion(open));
describe('renaming in the catalogue on SQLite', () => describeRenaming(open));
describe('the removal of old rows on SQLite', () => describeRetention(openInPlace));
describe('retries on SQLite', () => describeRetries(open));
describe('the parts of verifications on SQLite', () => describeParts(open));
describe('single operations on SQLite', () => describeSingleOperations(open));
describe('takeovers on SQLite', () => describeTakeovers(open));
describe('the event store on SQLite', () => describeEventStore(open));
describe('what monitoring measures on SQLite', () => describeMeasures(open));
describe('nodes on SQLite', () => describeNodes(open));
describe('the audit on SQLite', () => describeAudit(open));

describe('the catalogue on SQLite, on the calling thread', () => describeCatalogue(openInPlace));
describe('deletion on SQLite, on the calling thread', () => describeDeletion(openInPlace));
describe('the audit on SQLite, on the calling thread', () => describeAudit(openInPlace));
describe('listings of the catalogue on SQLite, on the calling thread', () => describeListings(openInPlace));
