import { parseCinderImagePath } from './formats/cinder/image-path.ts';
import { parseBackupPath } from './formats/longhorn/backup-path.ts';

/**
 * The part of an image path that all links of its chain share, as far as the path tells: links with the same root
 * are examined together, from one listing.
 */
export function chainRootOf(imagePath: string): string {
  // Without the formats themselves: the catalogue asks this in threads that would load all that reads chains.
  return parseCinderImagePath(imagePath)?.folder ?? parseBackupPath(imagePath)?.volumeFolder ?? imagePath;
}
