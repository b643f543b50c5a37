/** An item that can be in one {@link LinkedList} at a time. Only lists write these fields. */
export interface Linked<Item extends Linked<Item>> {
  list: LinkedList<Item> | null;
  before: Item | null;
  after: Item | null;
}

/**
 * A list from which any item can be removed in constant time. An array or a Map would be searched for its first item.
 */
export class LinkedList<Item extends Linked<Item>> {
  #first: Item | null = null;
  #last: Item | null = null;

  get first(): Item | null {
    return this.#first;
  }

  push(item: Item): void {
    item.list = this;
    item.before = this.#last;
    if (this.#last === null) this.#first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  shift(): Item | null {
    const item = this.#first;
    if (item !== null) this.remove(item);
    return item;
  }

  /** Removes an item of this list. */
  remove(item: Item): void {
    if (item.before === null) this.#first = item.after;
    else item.before.after = item.after;
    if (item.after === null) this.#last = item.before;
    else item.after.before = item.before;
    item.list = null;
    item.before = null;
    item.after = null;
  }
}
