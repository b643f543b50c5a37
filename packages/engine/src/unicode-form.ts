const inForms = 'Unicode normalisation';

/** Whether two names look alike, but one has composed characters (NFC) and the other decomposed ones (NFD). */
function isOtherForm(one: string, other: string): boolean {
  return one !== other && one.normalize() === other.normalize();
}

/** Remark for a message with two names that look alike; empty if they do not. */
export function formRemark(one: string, other: string): string {
  if (!isOtherForm(one, other)) return '';
  return `; they differ only in their ${inForms} (${formOf(one)} and ${formOf(other)})`;
}

/** The Unicode normalisation form of a name: `NFC`, `NFD` or `mixed`. */
export function formOf(name: string): string {
  if (name === name.normalize('NFC')) return 'NFC';
  return name === name.normalize('NFD') ? 'NFD' : 'mixed';
}

/** The same name in other normalisation forms; none for most names. */
export function otherForms(name: string): readonly string[] {
  return (['NFC', 'NFD'] as const).map((form) => name.normalize(form)).filter((other) => isOtherForm(name, other));
}

/** Remark for a message if only another form of the name was found. */
export function foundInOtherForm(name: string, other: string): string {
  const forms = `${formOf(other)} instead of ${formOf(name)}`;
  return `; the same name exists in another ${inForms} (${forms}), and names are compared byte by byte`;
}

/** A name from a bucket in a form that every database can store: without halves of surrogate pairs and NUL. */
export function storableName(name: string): string {
  return name.toWellFormed().replaceAll('\0', '\ufffd');
}
