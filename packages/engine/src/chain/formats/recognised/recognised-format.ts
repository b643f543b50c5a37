import type { RecognisedFormat } from '../../format.ts';
import { isAtOrBelow, PathComparison } from '../../listing-comparison.ts';
import { idOfPlace } from '../../place-id.ts';
import { ReadFault } from '../../proof/read-fault.ts';
import { WalkedChain } from '../../proof/walked-chain.ts';
import { findMark } from './find-mark.ts';
import { programKeys } from './program-keys.ts';
import { type ProgramName, programs } from './programs.ts';
import { RecognisedProver } from './recognised-prover.ts';

/** A format of another program: its backups are found, named and present, and nothing more is read of them. */
export function recognisedFormat(name: ProgramName): RecognisedFormat {
  const keys = programKeys[name];
  const { mark, resourceType } = programs[name];
  const isPart = (relativeKey: string) => isAtOrBelow(relativeKey) || (mark.isWholeKey && relativeKey === mark.suffix);
  return {
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
      return new PathComparison(imagePath, isPart);
    },

    partOf(key) {
      return keys.partOf(key);
    },

    ownerOf(key) {
      return keys.ownerOf(key);
    },

    async findNamingBackup(context, imagePath) {
      const owner = keys.possibleOwnerOf(imagePath);
      return owner !== null && (await findMark(context, name, owner)) !== null ? owner : null;
    },

    async describe(context, imagePath) {
      const place = keys.placeAt(imagePath);
      const found = place === null ? null : await findMark(context, name, imagePath);
      if (place === null || found === null) {
        const detail = `${imagePath}${mark.suffix} is not there, or empty`;
        throw new ReadFault({ code: 'incomplete', detail }, true);
      }
      const { bucketName } = context;
      const { resource, madeAt } = place;
      const originalName = place.name ?? bucketName;
      return {
        backupId: idOfPlace(originalName, `${bucketName}/${imagePath}`),
        originalName,
        resourceId: idOfPlace(resource.split('/').at(-1) || bucketName, `${bucketName}/${resource}`),
        resourceName: resource === '' ? bucketName : resource,
        resourceType,
        createdAtS: Math.floor((madeAt?.atMs ?? Math.max(0, found.modifiedAtMs)) / 1000),
        parentBackupId: null,
      };
    },

    async open(context) {
      // There is no reader, because nothing is known of the stored bytes.
      return new WalkedChain(context, new RecognisedProver(name, context), null);
    },
  };
}
