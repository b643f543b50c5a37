/** Bytes that every object may have read ahead, so that what is needed now never waits for what is needed later. */
const ownBytes = 512 * 1024;

/** One object's part of what may be read ahead. */
export class WindowShare {
  readonly #totalBytes: number;
  readonly #allow: (bytes: number) => void;
  /** Bytes allowed so far. */
  #allowed = 0;
  /** Bytes of these that are not taken yet. */
  #ahead = 0;

  constructor(totalBytes: number, allow: (bytes: number) => void) {
    this.#totalBytes = totalBytes;
    this.#allow = allow;
  }

  /** Bytes beyond what every object may have. */
  get sharedBytes(): number {
    return Math.max(0, this.#ahead - ownBytes);
  }

  /** Allows as much as the object may have, with so much of the shared bytes. */
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
 * Bounds the bytes that are read ahead, over all objects: a few for each, and `sharedBytes` in all beyond these, of which
 * objects have the more the sooner they were opened. So one large object, or many small ones, can be read whole while
 * those before them are taken.
 */
export class ReadWindow {
  readonly #sharedBytes: number;
  /** In the order of opening. */
  readonly #shares = new Set<WindowShare>();

  constructor(sharedBytes: number) {
    this.#sharedBytes = sharedBytes;
  }

  /** An object of so many bytes. `allow` is told how many more of them may be read. */
  open(totalBytes: number, allow: (bytes: number) => void): WindowShare {
    const share = new WindowShare(totalBytes, allow);
    this.#shares.add(share);
    this.#grow();
    return share;
  }

  /** So many bytes of the object were taken. */
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
