/** Text as Python's `json.dumps(value, sort_keys=True, indent=2)` writes it: only ASCII. */
export function pythonJson(value: unknown): string {
  const text = JSON.stringify(value, sortKeys, 2);
  // DEL and everything outside ASCII becomes escapes, one for each UTF-16 unit.
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Text of a Python datetime in UTC with whole seconds: `2026-03-01 02:00:00+00:00`. */
export function pythonDatetime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')}+00:00`;
}
