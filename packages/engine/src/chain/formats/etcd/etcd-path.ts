/** A snapshot of etcd, as its key shows it. */
export type EtcdPath = {
  readonly imagePath: string;
  /** The name of the file. */
  readonly name: string;
  /** The folder, without a slash at the end; empty at the top of the bucket. */
  readonly folder: string;
  /** When it was made, in seconds since 1970; null if the name does not say. */
  readonly madeAtS: number | null;
  /** False if other programs use such names, too. The content then decides. */
  readonly isDistinctive: boolean;
};

/** The names that k3s and RKE2 give: scheduled snapshots, and those that someone asked for. */
const namedByTime = /^(etcd-snapshot|on-demand)-.+-(\d{10})$/;
/** Names that people give, in scripts around `etcdctl snapshot save`. */
const namedByPeople = /^[^/]*etcd[^/]*\.db$/i;

const partSuffix = '.part';
/** The folder in which k3s keeps an object about each snapshot, under the same name. */
const metadataFolder = '.metadata';

/** Reads the key of a snapshot; null if it is not the name of one. */
export function parseEtcdPath(key: string): EtcdPath | null {
  const { folder, name } = splitKey(key);
  if (folder === metadataFolder || folder.endsWith(`/${metadataFolder}`)) return null;
  const [, kind, digits] = namedByTime.exec(name) ?? [];
  if (digits === undefined && !namedByPeople.test(name)) return null;
  const madeAtS = digits === undefined ? null : Number(digits);
  return { imagePath: key, name, folder, madeAtS, isDistinctive: kind === 'etcd-snapshot' };
}

/** Reads the key of a snapshot that is still being written; null if it is not the name of one. */
export function parseUnfinishedPath(key: string): EtcdPath | null {
  return key.endsWith(partSuffix) ? parseEtcdPath(key.slice(0, -partSuffix.length)) : null;
}

/** Reads the key of the object that k3s keeps about a snapshot; null if it is not the name of one. */
export function parseMetadataPath(key: string): EtcdPath | null {
  const { folder, name } = splitKey(key);
  if (folder !== metadataFolder && !folder.endsWith(`/${metadataFolder}`)) return null;
  return parseEtcdPath(`${folder.slice(0, -metadataFolder.length)}${name}`);
}

function splitKey(key: string): { readonly folder: string; readonly name: string } {
  const slash = key.lastIndexOf('/');
  return { folder: key.slice(0, Math.max(0, slash)), name: key.slice(slash + 1) };
}
