import type { Problem } from '@backup-sync/contracts';

/** What is wrong at a field, in one text; undefined if nothing is. A problem within the field counts as well. */
export function problemAt(problems: readonly Problem[], field: string): string | undefined {
  const messages = problems.filter(({ place }) => isWithin(place, field)).map(({ message }) => message);
  return messages.length === 0 ? undefined : messages.join('; ');
}

/** The places of the problems that belong to one of the fields. */
export function placesAt(problems: readonly Problem[], fields: readonly string[]): string[] {
  return problems.map(({ place }) => place).filter((place) => fields.some((field) => isWithin(place, field)));
}

function isWithin(place: string, field: string): boolean {
  return place === field || place.startsWith(`${field}.`) || place.startsWith(`${field}[`);
}
