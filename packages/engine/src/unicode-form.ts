const inForms = 'Unicode normalisation';

/** Two names that look alike to people, though their characters are composed (NFC) in one and not (NFD) in the other. */
function isOtherForm(one: string, other: string): boolean {
  return one !== other && one.normalize() === other.normalize();
}

/** What a message adds to two names that look alike; empty if they do not. */
export function formRemark(one: string, other: string): string {
  if (!isOtherForm(one, other)) return '';
  return `; they differ in their ${inForms} only (${formOf(one)} and ${formOf(other)})`;
}

/** The form of a name, as programs that changed it call theirs. */
export function formOf(name: string): string {
  if (name === name.normalize('NFC')) return 'NFC';
  return name === name.normalize('NFD') ? 'NFD' : 'mixed';
}

/** The same name as others may have written it; none for most names. */
export function otherForms(name: string): readonly string[] {
  return (['NFC', 'NFD'] as const).map((form) => name.normalize(form)).filter((other) => isOtherForm(name, other));
}

/** What a message adds if nothing has the name, and something has it in another form. */
export function foundInOtherForm(name: string, other: string): string {
  return `; the same name is there in another ${inForms} (${formOf(other)} instead of ${formOf(name)}), and names are compared byte by byte`;
}
