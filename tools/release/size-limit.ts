const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** About one and a half times what the files have today, so that growth is noticed. Bytes. */
const limits: readonly (readonly [file: RegExp, bytes: number])[] = [
  [/^backup-sync-contracts-.*\.tgz$/, 190 * kibibyte],
  [/^backup-sync-core-.*\.tgz$/, 80 * kibibyte],
  [/^backup-sync-trpc-.*\.tgz$/, 10 * kibibyte],
  [/^backup-sync-engine-.*\.tgz$/, 900 * kibibyte],
  [/^backup-sync-gateway-.*\.tgz$/, 2 * mebibyte],
  [/^backup-sync-cli-.*\.tgz$/, 5 * mebibyte],
  [/\.tar\.gz$/, 70 * mebibyte],
  [/\.deb$/, 70 * mebibyte],
];

/** The maximum size of a file of the release in bytes; null if it has none. */
export function sizeLimit(name: string): number | null {
  return limits.find(([file]) => file.test(name))?.[1] ?? null;
}
