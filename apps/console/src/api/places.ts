/** The path below which the console is served, without a slash at the end: `/console`, or more behind a proxy. */
export const basePath = new URL(document.baseURI).pathname.replace(/\/$/, '');

/** Returns the address of a path relative to the console. */
export function addressOf(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** Shows the server that a change comes from its own console. Another site cannot send it. */
export const consoleHeader = { 'x-backup-sync-console': '1' } as const;
