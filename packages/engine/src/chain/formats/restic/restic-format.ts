import type { ObjectEntry } from '../../../storage/port.ts';
import type { RecognisedFormat } from '../../format.ts';
import { idOfPlace } from '../../place-id.ts';
import { ReadFault, withReadFaults } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { RepositoryComparison } from './repository-comparison.ts';
import { parseSnapshotPath, rootOfShared, snapshotFolders } from './repository-path.ts';
import { ResticProver } from './restic-prover.ts';
import { ResticReader } from './restic-reader.ts';
import { ResticRepository } from './restic-repository.ts';

/** The type of a repository in records. restic itself has no such name. */
const resourceType = 'Restic::Repository';

/** Snapshots in repositories of restic. The image path of a snapshot is the key of its object. */
export const resticFormat: RecognisedFormat = {
  backupIdOf(imagePath) {
    return parseSnapshotPath(imagePath)?.name ?? null;
  },

  objectsPrefixOf(imagePath) {
    return parseSnapshotPath(imagePath)?.root ?? imagePath;
  },

  isOutdated() {
    return false;
  },

  compare(root) {
    return new RepositoryComparison(root);
  },

  /** Only snapshots count. Without one, packs are the leftover of an interrupted backup. */
  partOf(key) {
    return parseSnapshotPath(key) === null ? null : { imagePath: key, markKey: key };
  },

  ownerOf(key) {
    if (parseSnapshotPath(key) !== null) return { imagePath: key, isExact: true };
    const root = rootOfShared(key);
    return root === null ? null : { imagePath: `${root}snapshots/<name>`, isExact: false };
  },

  /** Only the config has a name that other programs use, too: it belongs to the snapshots next to it. */
  async findNamingBackup({ storage, bucketName, signal }, imagePath) {
    const [, root] = /^((?:.*\/)?)config$/s.exec(imagePath) ?? [];
    if (root === undefined) return null;
    for (const folder of snapshotFolders) {
      const listing = storage.list({ bucket: bucketName, prefix: `${root}${folder}/`, signal });
      const first = await firstOf(listing);
      if (first !== null && parseSnapshotPath(first.key)?.root === root) return first.key;
    }
    return null;
  },

  async describe({ storage, bucketName, signal }, imagePath, mark) {
    const path = parseSnapshotPath(imagePath);
    const request = { bucket: bucketName, key: imagePath, signal };
    const { modifiedAtMs } = mark ?? (await withReadFaults(imagePath, () => storage.head(request)));
    if (path === null) throw new ReadFault({ code: 'incomplete', detail: `${imagePath} is no snapshot` }, false);
    const folder = path.root.slice(0, -1);
    return {
      backupId: path.name,
      originalName: path.name,
      resourceId: idOfPlace(folder.split('/').at(-1) || bucketName, `${bucketName}/${folder}`),
      resourceName: folder === '' ? bucketName : folder,
      resourceType,
      createdAtS: Math.max(0, Math.floor(modifiedAtMs / 1000)),
      parentBackupId: null,
    };
  },

  async open(context, root) {
    const [path] = context.imagePaths.map(parseSnapshotPath).filter((each) => each?.root === root);
    if (path === undefined || path === null) throw new Error(`no snapshot of ${root} is to be examined`);
    const repository = await ResticRepository.open(context, path);
    return new WalkedChain(context, new ResticProver(repository), new ResticReader(repository));
  },
};

async function firstOf(pages: AsyncIterable<readonly ObjectEntry[]>): Promise<ObjectEntry | null> {
  for await (const [first] of pages) return first ?? null;
  return null;
}
