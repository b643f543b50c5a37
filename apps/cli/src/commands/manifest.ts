import { randomUUID } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { counted, defaultResourceType } from '@backup-sync/contracts';
import { exitCodes, UsageError } from '../failure.ts';
import { print, printJson } from '../terminal.ts';
import type { CommandContext } from './command-context.ts';

/** The options of `manifest create`. Absent options have defaults. */
export type ManifestOptions = {
  readonly output?: string;
  readonly backupId?: string;
  readonly name?: string;
  readonly createdAt?: string;
  readonly resourceId?: string;
  readonly resourceName?: string;
  readonly resourceType?: string;
  readonly blockSize?: number;
  readonly parent?: string;
  readonly parentBucket?: string;
  readonly parentPath?: string;
};

/** Writes a manifest and its block hashes to local files. Touches no bucket. */
export async function createManifestCommand(
  { terminal, signal }: CommandContext,
  directory: string,
  options: ManifestOptions,
): Promise<number> {
  const { createManifest } = await import('@backup-sync/engine');
  const { output, parent, parentBucket, parentPath, blockSize } = options;
  if (parent !== undefined && output === undefined) {
    throw new UsageError('--parent needs --output, a directory for the changed blocks: add --output');
  }
  if (parent === undefined && (parentBucket ?? parentPath) !== undefined) {
    throw new UsageError('--parent-path and --parent-bucket need --parent, the manifest of the parent: add --parent');
  }
  if (parentBucket !== undefined && parentPath === undefined) {
    throw new UsageError('--parent-bucket needs --parent-path: add --parent-path');
  }
  const type = options.resourceType ?? (parent === undefined ? defaultResourceType : undefined);
  const created = await createManifest({
    directory,
    output: output ?? directory,
    backup: {
      id: options.backupId ?? randomUUID(),
      name: options.name ?? basename(resolve(directory)),
      ...(options.createdAt !== undefined && { createdAtMs: parseTime(options.createdAt) }),
    },
    resource: {
      ...(options.resourceId !== undefined && { id: options.resourceId }),
      ...(options.resourceName !== undefined && { name: options.resourceName }),
      ...(type !== undefined && { type }),
    },
    ...(blockSize !== undefined && { blockBytes: blockSize }),
    ...(parent !== undefined && {
      parent: {
        path: parent,
        ...(parentBucket !== undefined && { bucketName: parentBucket }),
        ...(parentPath !== undefined && { imagePath: parentPath }),
      },
    }),
    signal,
  });
  const { header, manifestPath, blockHashesPath, objectCount, storedBytes } = created;
  if (terminal.json) {
    printJson(terminal, {
      backup_id: header.backup.id,
      manifest: manifestPath,
      block_hashes: blockHashesPath,
      object_count: objectCount,
      object_bytes: storedBytes,
      volume_size: header.volume_size,
    });
  } else {
    print(
      terminal,
      `backup ${header.backup.id}: ${counted(objectCount, 'object')} with ${counted(storedBytes, 'byte')} of the volume`,
    );
    print(terminal, `Upload ${blockHashesPath} and the objects, then ${manifestPath} last.`);
  }
  return exitCodes.done;
}

function parseTime(text: string): number {
  const timeMs = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs)) throw new UsageError(`--created-at "${text}" is not a time such as 2026-03-01T02:00:00Z`);
  return timeMs;
}
