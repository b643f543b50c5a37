/** A package, as the key of its archive or of its descriptor shows it. */
export type PackagePath = {
  /** The key of the archive, or the folder of the descriptor. */
  readonly imagePath: string;
  /** What the package is called: the name of the archive without its suffix, or that of the folder. */
  readonly name: string;
};

// Hidden files are none: some systems copy each file with one, of their own format, as "._<name>".
const archiveName = /^([^.].*)\.ova$/i;
const descriptorName = /^((?:.*\/)?[^./][^/]*)\.ovf$/i;
const documentName = /^[^./][^/]*\.(?:mf|cert)$/i;

/** Reads the key of an archive (OVA); null if it is not the name of one. */
export function parseArchivePath(key: string): PackagePath | null {
  const [, name] = archiveName.exec(baseName(key)) ?? [];
  return name === undefined ? null : { imagePath: key, name };
}

/** Reads the key of a descriptor in a folder; null if it is not the name of one, or at the top of the bucket. */
export function parseDescriptorPath(key: string): PackagePath | null {
  const slash = key.lastIndexOf('/');
  if (slash <= 0 || !descriptorName.test(key.slice(slash + 1))) return null;
  const imagePath = key.slice(0, slash);
  return { imagePath, name: baseName(imagePath) };
}

/** The name without the suffix of a descriptor; null if it has another suffix. */
export function stemOfDescriptor(name: string): string | null {
  return descriptorName.exec(name)?.[1] ?? null;
}

/** Whether a file of this name may be a manifest, or the certificate of one. */
export function isDocument(name: string): boolean {
  return documentName.test(name);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
