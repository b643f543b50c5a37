import type { RecognisedFormat } from '../../format.ts';
import { PathComparison } from '../../listing-comparison.ts';
import { idOfPlace } from '../../place-id.ts';
import { ReadFault, withReadFaults } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { parseEtcdPath, parseMetadataPath, parseUnfinishedPath } from './etcd-path.ts';
import { EtcdProver } from './etcd-prover.ts';
import { EtcdReader } from './etcd-reader.ts';
import { looksLikeEtcd } from './etcd-snapshot.ts';

/** The type of a cluster in records. etcd itself has no such name. */
const resourceType = 'Etcd::Cluster';

/** Snapshots of etcd, k3s and RKE2. The image path of a snapshot is the key of its one object. */
export const etcdFormat: RecognisedFormat = {
  /** The path alone is not the id: the bucket belongs to it. */
  backupIdOf() {
    return null;
  },

  objectsPrefixOf(imagePath) {
    return imagePath;
  },

  isOutdated() {
    return false;
  },

  compare(imagePath) {
    return new PathComparison(imagePath, (relativeKey) => relativeKey === '');
  },

  partOf(key) {
    const parsed = parseEtcdPath(key) ?? parseUnfinishedPath(key);
    return parsed === null ? null : { imagePath: parsed.imagePath, markKey: parsed.imagePath };
  },

  ownerOf(key) {
    const parsed = parseEtcdPath(key) ?? parseUnfinishedPath(key) ?? parseMetadataPath(key);
    return parsed === null ? null : { imagePath: parsed.imagePath, isExact: true };
  },

  /** The keys alone prove the owner. */
  async findNamingBackup() {
    return null;
  },

  async describe(context, imagePath) {
    const { storage, bucketName, signal } = context;
    const head = await withReadFaults(imagePath, () => storage.head({ bucket: bucketName, key: imagePath, signal }));
    const parsed = parseEtcdPath(imagePath);
    if (parsed === null || head.size === 0) {
      throw new ReadFault({ code: 'incomplete', detail: `${imagePath} is empty` }, false);
    }
    const { name, folder, madeAtS } = parsed;
    if (!parsed.isDistinctive && !(await looksLikeEtcd(context, { key: imagePath, archived: false, ...head }))) {
      const detail = `${imagePath} has the name of a snapshot of etcd, but does not begin as one`;
      throw new ReadFault({ code: 'metadata_unreadable', detail }, true);
    }
    return {
      backupId: idOfPlace(name, `${bucketName}/${imagePath}`),
      originalName: name,
      resourceId: idOfPlace(folder.split('/').at(-1) || bucketName, `${bucketName}/${folder}`),
      resourceName: folder === '' ? bucketName : folder,
      resourceType,
      createdAtS: madeAtS ?? Math.floor(head.modifiedAtMs / 1000),
      parentBackupId: null,
    };
  },

  async open(context) {
    return new WalkedChain(context, new EtcdProver(context), new EtcdReader(context));
  },
};
