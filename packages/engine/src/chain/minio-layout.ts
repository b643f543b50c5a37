/**
 * Whether a key is the file in which MinIO keeps an object on its disk: `<object>/xl.meta`, in a folder named like the
 * object. Only directories have no ETags: in a service, such a file is part of a backup of a disk.
 */
export function isMinioFile(key: string, hasEtag: boolean): boolean {
  return !hasEtag && key.endsWith('/xl.meta');
}

/** Whether a key is a file in which MinIO keeps the data of a large object: `<object>/<UUID>/part.<number>`. */
export function isMinioPart(key: string, hasEtag: boolean): boolean {
  return !hasEtag && /\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/part\.\d+$/.test(key);
}

/** Describes the disk layout of MinIO in a refusal, and says what to use instead. */
export const minioAdvice =
  "the disk layout of MinIO (each object is a folder with xl.meta): use MinIO's S3 endpoint as the storage unit";
