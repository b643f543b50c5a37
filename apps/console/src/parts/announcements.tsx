import { useSyncExternalStore } from 'react';

/** Milliseconds for which an announcement stays. */
const staysMs = 6_000;

type Announcement = { readonly id: number; readonly text: string };

let shown: readonly Announcement[] = [];
let lastId = 0;
const listeners = new Set<() => void>();

function show(next: readonly Announcement[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

/** Tells what has just been done, for a few seconds, and to readers of the screen. Errors belong on the page instead. */
export function announce(text: string): void {
  lastId += 1;
  const id = lastId;
  show([...shown, { id, text }]);
  setTimeout(() => show(shown.filter((each) => each.id !== id)), staysMs);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The place of the announcements. A page has it once. */
export function Announcements() {
  const announcements = useSyncExternalStore(subscribe, () => shown);
  return (
    <div className="announcements" role="status">
      {announcements.map(({ id, text }) => (
        <div className="announcement" key={id}>
          {text}
        </div>
      ))}
    </div>
  );
}
