/** A bucket of a project. */
export type ProvedPlace = { readonly projectId: string; readonly storageUnitId: string; readonly bucketName: string };

/** Bytes of an object that were read and had their digest. */
export type ProvedObject = {
  readonly key: string;
  /** Number of bytes of the object before those that were proved. */
  readonly firstByte: number;
  readonly etag: string;
  /** Bytes of the whole object. */
  readonly size: number;
  /** What was compared: the bytes, their compression, and the digests. */
  readonly digest: string;
};
