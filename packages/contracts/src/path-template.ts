/** Names with a meaning in a path template. Other names stand for any segment. */
export type TemplateField = 'backup_id' | 'backup_name' | 'resource_id' | 'resource_name';

type TemplateSegment = { readonly before: string; readonly name: string | null; readonly after: string };

/** A parsed path template: one entry for each segment of an image path. */
export type PathTemplate = readonly TemplateSegment[];

/** The values that a template reads from an image path, by name. */
export type TemplateMatch = ReadonlyMap<string, string>;

/**
 * Parses a path template such as `{plan_id}/{resource_id}/{backup_id}`, or returns what is wrong with it.
 *
 * A template describes the whole image path, from the root of the bucket, with a `{name}` for each part that varies. A
 * segment has at most one name; the text around it is matched literally.
 */
export function parsePathTemplate(template: string): PathTemplate | { readonly problem: string } {
  const segments: TemplateSegment[] = [];
  const names = new Set<string>();
  for (const text of template.split('/')) {
    if (text === '') return { problem: 'has an empty segment' };
    const [, before, name, after] = /^([^{}]*)\{([a-z_]+)\}([^{}]*)$/.exec(text) ?? [];
    if (before === undefined || name === undefined || after === undefined) {
      if (/[{}]/.test(text)) return { problem: `has the segment "${text}"; a segment has one {name} at most` };
      segments.push({ before: text, name: null, after: '' });
      continue;
    }
    if (names.has(name)) return { problem: `names {${name}} twice` };
    names.add(name);
    segments.push({ before, name, after });
  }
  return names.has('backup_id') ? segments : { problem: 'must name {backup_id}' };
}

/**
 * The image path of a key, with the values of the names. It consists of the key's first segments, as many as the
 * template has. Null if the key has fewer segments or does not match.
 */
export function matchPathTemplate(
  template: PathTemplate,
  key: string,
): { readonly imagePath: string; readonly values: TemplateMatch } | null {
  const segments = key.split('/', template.length);
  if (segments.length < template.length) return null;
  const values = new Map<string, string>();
  for (const [index, { before, name, after }] of template.entries()) {
    const segment = segments[index] ?? '';
    if (name === null) {
      if (segment !== before) return null;
      continue;
    }
    const fits = segment.length > before.length + after.length && segment.startsWith(before) && segment.endsWith(after);
    if (!fits) return null;
    values.set(name, segment.slice(before.length, segment.length - after.length));
  }
  return { imagePath: segments.join('/'), values };
}
