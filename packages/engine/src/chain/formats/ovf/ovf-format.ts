import type { RecognisedFormat } from '../../format.ts';
import { isAtOrBelow, PathComparison } from '../../listing-comparison.ts';
import { PathListings } from '../../path-listings.ts';
import { idOfPlace } from '../../place-id.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { findNamingPackage } from './find-naming-package.ts';
import { baseName, parseArchivePath, parseDescriptorPath } from './ovf-path.ts';
import { OvfProver, ovfCheck } from './ovf-prover.ts';
import { OvfReader } from './ovf-reader.ts';
import { PackageReadings } from './package-readings.ts';
import { readPackageSet } from './package-set.ts';

/** The type of virtual machines in records. */
const resourceType = 'OS::VMware::Server';

/**
 * Packages of virtual machines: folders with a descriptor (OVF), and archives (OVA). Any folder has the shape of such an
 * image path, so the stored objects decide.
 */
export const ovfFormat: RecognisedFormat = {
  /** The path alone is not the id: the bucket belongs to it. */
  backupIdOf() {
    return null;
  },

  objectsPrefixOf(imagePath) {
    return imagePath;
  },

  isOutdated({ checkVersion }, trustedRoots) {
    const { version, reusable } = ovfCheck(trustedRoots);
    return checkVersion === null || ![version, ...reusable].includes(checkVersion);
  },

  compare(imagePath) {
    return new PathComparison(imagePath, isAtOrBelow);
  },

  partOf(key) {
    const parsed = parseArchivePath(key) ?? parseDescriptorPath(key);
    return parsed === null ? null : { imagePath: parsed.imagePath, markKey: null };
  },

  ownerOf(key) {
    const archive = parseArchivePath(key);
    if (archive !== null) return { imagePath: archive.imagePath, isExact: true, isOfPlainFiles: true };
    const parsed = parseDescriptorPath(key);
    return parsed === null ? null : { imagePath: parsed.imagePath, isExact: true };
  },

  findNamingBackup: findNamingPackage,

  async describe(context, imagePath) {
    const { bucketName } = context;
    const listings = new PathListings(context);
    // A scan itself says what is too young to be whole.
    const nowMs = () => Number.POSITIVE_INFINITY;
    const place = await listings.at(bucketName, imagePath);
    if (place === null) throw new ReadFault({ code: 'path_not_found', detail: imagePath }, true);
    const { packages, stored } = await readPackageSet({ ...context, listings, nowMs }, place);
    const name = parseArchivePath(imagePath)?.name ?? baseName(imagePath);
    const [first] = packages;
    const system = (packages.length === 1 ? first?.descriptor.systemName : null) ?? name;
    const [mark] = stored.descriptors.map((path) => stored.files.get(path)?.entry);
    return {
      backupId: idOfPlace(name, `${bucketName}/${imagePath}`),
      originalName: name,
      // Packages of one machine in several folders are of one resource.
      resourceId: idOfPlace(system, `${bucketName}/${system}`),
      resourceName: system,
      resourceType,
      createdAtS: Math.floor((mark?.modifiedAtMs ?? 0) / 1000),
      parentBackupId: null,
    };
  },

  async open(context) {
    const readings = new PackageReadings(context);
    return new WalkedChain(context, new OvfProver(context, readings), new OvfReader(context, readings));
  },
};
