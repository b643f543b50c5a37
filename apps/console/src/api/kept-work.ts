/** Something that a module keeps outside the queries. It ends with the session, and with a switch of the project. */
type KeptWork = {
  /** Stops and forgets it. */
  readonly forget: () => void;
  /** What a person would lose by that now, in words; null if nothing. */
  readonly loss: () => string | null;
};

const kept = new Set<KeptWork>();

/** Keeps a work only as long as the session stays in its project. */
export function keepInSession(work: KeptWork): void {
  kept.add(work);
}

/** What a person would lose by a sign-out or a switch of the project, in words; null if nothing. */
export function lossOfLeaving(): string | null {
  const losses = [...kept].map(({ loss }) => loss()).filter((each) => each !== null);
  return losses.length === 0 ? null : losses.join(' ');
}

export function forgetKeptWork(): void {
  for (const { forget } of kept) forget();
}
