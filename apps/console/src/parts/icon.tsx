/** Lines of each icon, in a square of 16. */
const paths = {
  good: 'M3.5 8.5l3 3 6-7',
  warn: 'M8 3.5v5.5M8 12.2v.3',
  bad: 'M4 4l8 8M12 4l-8 8',
  busy: 'M8 3v5l3 2',
  quiet: 'M4 8h8',
  overview: 'M2.5 3.5h11M2.5 8h11M2.5 12.5h7',
  operations: 'M3 8a5 5 0 1 0 1.6-3.7M3 3v2.5h2.5M8 5.5V8l2 1.5',
  import: 'M8 2.5v7.5M4.8 7L8 10.2 11.2 7M2.5 13.5h11',
  sources:
    'M2.5 4.5c0-1 2.5-2 5.5-2s5.5 1 5.5 2v7c0 1-2.5 2-5.5 2s-5.5-1-5.5-2zM2.5 4.5c0 1 2.5 2 5.5 2s5.5-1 5.5-2M2.5 8c0 1 2.5 2 5.5 2s5.5-1 5.5-2',
  users: 'M8 8a2.7 2.7 0 1 0 0-5.4A2.7 2.7 0 0 0 8 8zM3 13.5c.5-2.4 2.5-3.6 5-3.6s4.5 1.2 5 3.6',
  projects: 'M2.5 4.5v8h11v-6.500h-6l-1.500-1.500z',
  buckets: 'M3 4.500h10l-1.300 9h-7.400z',
  accessKeys: 'M5.500 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM7.300 8.200l5.700-5.700M10.500 5l2 2',
  hooks: 'M5 12.500h6M8 12.500v1.500M4 11c1-1 1-2.500 1-4.500a3 3 0 0 1 6 0c0 2 0 3.500 1 4.500z',
  audit: 'M4 2.500h8v11h-8zM6 5.500h4M6 8h4M6 10.500h2',
  nodes: 'M2.500 3.500h11v3.500h-11zM2.500 9h11v3.500h-11zM5 5.200h.1M5 10.700h.1',
  menu: 'M2.500 4.500h11M2.500 8h11M2.500 11.500h11',
  next: 'M6 3.500l4.500 4.500-4.500 4.500',
  copy: 'M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z',
} as const;

export type IconName = keyof typeof paths;

/** A picture that says nothing by itself: the word next to it does. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.75" aria-hidden="true">
      <path d={paths[name]} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
