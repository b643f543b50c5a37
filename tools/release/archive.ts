import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A file, a directory or a symbolic link of an archive. Its path has no leading slash. */
export type Entry =
  | { readonly type: 'file'; readonly path: string; readonly content: Buffer; readonly mode: number }
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string };

export function fileEntry(path: string, content: Buffer | string, mode = 0o644): Entry {
  return { type: 'file', path, content: Buffer.from(content), mode };
}

export function directoryEntry(path: string, mode = 0o755): Entry {
  return { type: 'directory', path, mode };
}

/** Adds the directories above the entries that are not among them. */
export function withDirectories(entries: readonly Entry[]): readonly Entry[] {
  const named = new Set(entries.map(({ path }) => path));
  const above = entries.flatMap(({ path }) => {
    const parts = path.split('/');
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
  });
  const missing = new Set(above.filter((path) => !named.has(path)));
  return [...entries, ...Array.from(missing, (path) => directoryEntry(path))];
}

/** What makes an archive the same each time: one time for all entries, and a level of gzip from 1 to 9. */
export type ArchiveOptions = { readonly epochSeconds: number; readonly gzipLevel: number };

/** Returns a compressed tar archive. The same entries give the same bytes, in whatever order they come. */
export async function tarball(entries: readonly Entry[], { epochSeconds, gzipLevel }: ArchiveOptions): Promise<Buffer> {
  const tar = pack();
  for (const entry of entries.toSorted((one, other) => (one.path < other.path ? -1 : 1))) {
    const owner = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(epochSeconds * 1000) };
    const { type, path: name } = entry;
    if (type === 'file') tar.entry({ ...owner, name, mode: entry.mode }, entry.content);
    else if (type === 'directory') tar.entry({ ...owner, name: `${name}/`, type, mode: entry.mode });
    else tar.entry({ ...owner, name, type, linkname: entry.target, mode: 0o777 });
  }
  tar.finalize();
  // The header of gzip has no time: Node leaves it empty.
  return gzipSync(await buffer(tar), { level: gzipLevel });
}

/** Returns an archive in the format of `ar`, which has few files with short names. */
export function arArchive(
  files: readonly { readonly name: string; readonly content: Buffer }[],
  epochSeconds: number,
): Buffer {
  const parts = files.flatMap(({ name, content }) => {
    const fields = [
      name.padEnd(16),
      String(epochSeconds).padEnd(12),
      '0'.padEnd(6),
      '0'.padEnd(6),
      '100644'.padEnd(8),
      String(content.length).padEnd(10),
    ];
    // Each file begins at an even offset.
    return [Buffer.from(`${fields.join('')}\`\n`), content, Buffer.from(content.length % 2 === 0 ? '' : '\n')];
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}
