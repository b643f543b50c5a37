import { z } from 'zod';
import { bucketName, imagePath, opaqueId, text } from './fields.ts';
import { imagePathProblem } from './image-path.ts';

/** Key of the manifest, relative to the image path. It is written last: the commit mark of the backup. */
export const chainManifestName = 'manifest.json';
/** Key of the block hashes, relative to the image path. Written first, it marks an upload that is still running. */
export const chainManifestHashesName = 'block-hashes.bin';
/** Value of `format` that distinguishes this manifest from any other `manifest.json`. */
export const chainManifestFormat = 'backup-sync-manifest';
export const chainManifestVersion = '1';

/**
 * Compression of an object. `zlib` is RFC 1950, `gzip` RFC 1952, `lz4` an LZ4 frame. `qcow2` and `vmdk` are disk images
 * that need no other file, whose disk is the data.
 */
export const chainManifestCompressions = ['none', 'zlib', 'gzip', 'zstd', 'bz2', 'lz4', 'qcow2', 'vmdk'] as const;

/** Smallest block, in bytes: with smaller ones, the hashes would outgrow the data. */
const blockSizeMin = 512;
const blockSizeMax = 2 ** 30;
const objectKeyMaxBytes = 1024;

const bytes = (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  z.int().min(least, `must be at least ${least}`).max(most, `must be at most ${most}`);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits in lower case');
const md5 = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hex digits in lower case');

/** A time in RFC 3339, in UTC or with an offset. */
const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-03-01T02:00:00Z' });

const objectKey = z
  .string()
  .min(1, 'must not be empty')
  .superRefine((key, context) => {
    if (new TextEncoder().encode(key).length > objectKeyMaxBytes) {
      context.addIssue({ code: 'custom', message: `must have at most ${objectKeyMaxBytes} bytes` });
    }
    const problem = imagePathProblem(key);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    if (key === chainManifestName || key === chainManifestHashesName) {
      context.addIssue({ code: 'custom', message: 'is a name that the format reserves' });
    }
  });

/** One stored object: a range of the volume. Sizes and offsets are in bytes. */
export const chainManifestObject = z
  .object({
    key: objectKey.meta({ description: 'Key, relative to the image path.' }),
    offset: bytes(0).meta({ description: 'Offset of its data in the volume, in bytes; a multiple of block_size.' }),
    length: bytes(1).meta({ description: 'Length of its data in the volume, in bytes, before compression.' }),
    stored_size: bytes(1).meta({ description: 'Size of the stored object, in bytes.' }),
    compression: z.enum(chainManifestCompressions),
    sha256: sha256.meta({ description: 'SHA-256 of the data before compression.' }),
    stored_sha256: sha256.optional().meta({ description: 'SHA-256 of the stored bytes.' }),
    stored_md5: md5.optional().meta({ description: 'MD5 of the stored bytes, compared with the ETag of S3.' }),
  })
  .refine(({ compression, length, stored_size }) => compression !== 'none' || stored_size === length, {
    path: ['stored_size'],
    error: 'must equal length, since the object is not compressed',
  })
  .meta({ id: 'ChainManifestObject' });
export type ChainManifestObject = z.infer<typeof chainManifestObject>;

const headerFields = z.object({
  format: z.literal(chainManifestFormat),
  version: z.literal(chainManifestVersion),
  backup: z.object({ id: opaqueId, name: text(0, 255), created_at: time }),
  resource: z.object({ id: opaqueId, name: text(0, 255), type: text(1, 255) }),
  parent: z
    .object({ backup_id: opaqueId, bucket_name: bucketName.optional(), image_path: imagePath.optional() })
    .nullable()
    .meta({ description: 'The backup that this one builds on; null for a full backup.' }),
  volume_size: bytes(1),
  block_size: bytes(blockSizeMin, blockSizeMax),
  block_hashes: z.object({ key: z.literal(chainManifestHashesName), size: bytes(32), sha256 }),
});

type HeaderFields = z.infer<typeof headerFields>;

function checkHeader({ volume_size, block_size, block_hashes }: HeaderFields, context: z.RefinementCtx): void {
  const blocks = Math.ceil(volume_size / block_size);
  if (block_hashes.size === blocks * 32) return;
  const message = `must be ${blocks * 32}: 32 bytes for each of the ${blocks} blocks`;
  context.addIssue({ code: 'custom', path: ['block_hashes', 'size'], message });
}

/** A manifest without its objects. There may be millions of objects, so they are read one by one. */
export const chainManifestHeader = headerFields.superRefine(checkHeader).meta({ id: 'ChainManifestHeader' });
export type ChainManifestHeader = z.infer<typeof chainManifestHeader>;

/** The `manifest.json` of one backup. `CHAIN-MANIFEST.md` in this package describes it. */
export const chainManifest = headerFields
  .extend({ objects: z.array(chainManifestObject) })
  .superRefine(checkHeader)
  .meta({ id: 'ChainManifest' });
export type ChainManifest = z.infer<typeof chainManifest>;
