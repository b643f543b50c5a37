/** A backup of a batch, and the result of looking at it. */
export type Sighting<Item, Seen> = { readonly item: Item; readonly seen: Seen };

/**
 * Looks at each item of a chain once and yields the items in the order to record them: each after its ancestors in the
 * batch, otherwise in the given order. An item's ancestors are known after the look at it. A yielded item may be
 * recorded before the next look. No id may occur twice.
 */
export async function* parentsFirst<Item, Seen>(
  items: readonly Item[],
  ways: {
    readonly idOf: (item: Item) => string;
    readonly look: (item: Item) => Promise<Seen>;
    /** The ids of an item's ancestors, the parent first. */
    readonly ancestorIdsOf: (seen: Seen) => readonly string[];
  },
): AsyncGenerator<Sighting<Item, Seen>, void, void> {
  const waiting = new Map(items.map((item) => [ways.idOf(item), item]));
  for (const item of items) yield* settle(item);

  async function* settle(item: Item): AsyncGenerator<Sighting<Item, Seen>, void, void> {
    // Removed from the map before the look, so that a cyclic chain ends here.
    if (!waiting.delete(ways.idOf(item))) return;
    const seen = await ways.look(item);
    for (const id of ways.ancestorIdsOf(seen).toReversed()) {
      const ancestor = waiting.get(id);
      if (ancestor !== undefined) yield* settle(ancestor);
    }
    yield { item, seen };
  }
}
