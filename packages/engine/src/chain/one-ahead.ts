/**
 * Yields the same pieces, but asks for each while the one before it is processed, so that storage and processor do not
 * wait for each other. Throws the errors of `pieces`, in its place.
 */
export async function* oneAhead<Piece>(pieces: AsyncIterable<Piece>): AsyncGenerator<Piece, void, void> {
  const source = pieces[Symbol.asyncIterator]();
  const ask = () => {
    const asked = source.next();
    // A reader that leaves early never awaits this promise, so its failure must not go unhandled.
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
