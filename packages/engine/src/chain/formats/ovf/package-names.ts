/** Names of files that packages have. Others are not looked for in descriptors. */
const fileOfPackage = /\.(?:vmdk|vhdx?|vdi|qcow2?|img|raw|iso|nvram|gz|bz2|mf|cert|\d{9})$/i;

/** Whether a file with this path may be part of a package. */
export function mayBePart(path: string): boolean {
  return fileOfPackage.test(path);
}

/** Whether a path leads out of its package: an absolute path, the address of another place, or a way up. */
function leadsOutside(path: string): boolean {
  const isElsewhere = path === '' || path.startsWith('/') || /^[a-z][a-z0-9+.-]*:/i.test(path) || /[\\\0]/.test(path);
  return isElsewhere || path.split('/').includes('..');
}

/** The name with its escapes (`%20`) replaced, as some writers escape names in descriptors; the name if it has none. */
function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** The paths at which a file of this name may be stored: as it is written without `./`, or with its escapes replaced. */
export function storedPaths(href: string): readonly [string, string] {
  const path = href.replace(/^(?:\.\/+)+/, '');
  return [path, unescaped(path)];
}

/**
 * The path at which a file of this name is stored, or would be if nothing is. Null if it leads out of the package. Pure.
 */
export function storedPath(href: string, isStored: (path: string) => boolean): string | null {
  const paths = storedPaths(href);
  return paths.find(isStored) ?? (paths.some(leadsOutside) ? null : paths[0]);
}

/** Whether a name is the address of a file on a web server, as the standard allows. */
export function isOnServer(href: string): boolean {
  return /^https?:\/\/[^/]/i.test(href);
}

/** The path of one of the parts of a file, counted from 0. */
export function chunkPath(path: string, index: number): string {
  return `${path}.${String(index).padStart(9, '0')}`;
}
