/** Bytes that every object may read ahead, so that needed bytes never wait for those needed later. */
const ownBytes = 512 * 1024;

/** One object's share of the bytes that may be read ahead. */
export class WindowShare {
  readonly #totalBytes: number;
  readonly #allow: (bytes: number) => void;
  /** Bytes allowed so far. */
  #allowed = 0;
  /** Allowed bytes that were not taken yet. */
  #ahead = 0;

  constructor(totalBytes: number, allow: (bytes: number) => void) {
    this.#totalBytes = totalBytes;
    this.#allow = allow;
  }

  /** Bytes ahead beyond those that every object may have. */
  get sharedBytes(): number {
    return Math.max(0, this.#ahead - ownBytes);
  }

  /** Allows as many bytes as the object may have, given the shared bytes that are left. */
  grow(sharedLeft: number): void {
    const room = ownBytes + this.sharedBytes + sharedLeft - this.#ahead;
    const bytes = Math.min(room, this.#totalBytes - this.#allowed);
    if (bytes <= 0) return;
    this.#allowed += bytes;
    this.#ahead += bytes;
    this.#allow(bytes);
  }

  took(bytes: number): void {
    this.#ahead -= bytes;
  }
}

/**
 * Bounds the bytes read ahead over all objects. Each object may have a few. All together may have `sharedBytes` more,
 * and objects opened first get them first. So one large object, or many small ones, can be read completely while the
 * bytes before them are consumed.
 */
export class ReadWindow {
  readonly #sharedBytes: number;
  /** In the order of opening. */
  readonly #shares = new Set<WindowShare>();

  constructor(sharedBytes: number) {
    this.#sharedBytes = sharedBytes;
  }

  /** Adds an object of `totalBytes`. Calls `allow` with the number of further bytes that may be read. */
  open(totalBytes: number, allow: (bytes: number) => void): WindowShare {
    const share = new WindowShare(totalBytes, allow);
    this.#shares.add(share);
    this.#grow();
    return share;
  }

  /** Records that bytes of the object were taken, and allows others to be read. */
  take(share: WindowShare, bytes: number): void {
    share.took(bytes);
    this.#grow();
  }

  close(share: WindowShare): void {
    if (this.#shares.delete(share)) this.#grow();
  }

  #grow(): void {
    let left = this.#sharedBytes;
    for (const share of this.#shares) left -= share.sharedBytes;
    for (const share of this.#shares) {
      const before = share.sharedBytes;
      share.grow(Math.max(0, left));
      left -= share.sharedBytes - before;
    }
  }
}
