/**
 * The same pieces, each asked for while the one before it is worked on: storage and processor need not wait for each
 * other. Throws what `pieces` throws, in its place.
 */
export async function* oneAhead<Piece>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece, void, void> {
  const source = pieces[Symbol.asyncIterator]();
  const ask = () => {
    const asked = source.next();
    // Whoever leaves early never waits for it; then its failure concerns nobody.
    asked.catch(() => {});
    return asked;
  };
  try {
    for (let asked = ask(); ; ) {
      const { done, value } = await asked;
      if (done === true) return;
      asked = ask();
      yield value;
    }
  } finally {
    await source.return?.();
  }
}
