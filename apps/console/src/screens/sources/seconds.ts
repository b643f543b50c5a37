/** Units in which a duration is entered, with their seconds, largest first. */
export const units = [
  { unit: 'days', seconds: 86_400 },
  { unit: 'hours', seconds: 3_600 },
  { unit: 'minutes', seconds: 60 },
  { unit: 'seconds', seconds: 1 },
] as const;
export type Unit = (typeof units)[number]['unit'];

/** The number and unit that a form shows for a duration: in the largest unit of which it is a whole number. */
export function inUnit(seconds: number | null, unitOfNone: Unit): { readonly amount: string; readonly unit: Unit } {
  if (seconds === null) return { amount: '', unit: unitOfNone };
  const fitting = units.find((each) => seconds > 0 && seconds % each.seconds === 0);
  if (fitting === undefined) return { amount: String(seconds), unit: seconds === 0 ? unitOfNone : 'seconds' };
  return { amount: String(seconds / fitting.seconds), unit: fitting.unit };
}

/** The seconds of what was entered; null if nothing was. The server refuses what is no duration. */
export function inSeconds(amount: string, unit: string): number | null {
  if (amount.trim() === '') return null;
  const seconds = units.find((each) => each.unit === unit)?.seconds ?? 1;
  // 0.1 hours are 360 seconds, whatever the binary fraction of 0.1 is.
  return Math.round(Number(amount) * seconds * 1000) / 1000;
}
