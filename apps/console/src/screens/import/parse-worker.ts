import type { BackupSync } from '@backup-sync/contracts';
import { checkList, type ListSummary } from './check-list.ts';
import { decodeText } from './decode-text.ts';
import { NoListError } from './list-item.ts';

/** What the worker tells while it reads a list. */
export type WorkerMessage =
  | { readonly kind: 'items'; readonly items: readonly BackupSync[]; readonly places: readonly string[] }
  | { readonly kind: 'checked'; readonly summary: ListSummary }
  | { readonly kind: 'refused'; readonly message: string };

/** Items in one message: few enough that taking them never holds up the page. */
const itemsAtOnce = 500;

const tell = (message: WorkerMessage) => self.postMessage(message);

self.addEventListener('message', async ({ data }: MessageEvent<Blob>) => {
  let items: BackupSync[] = [];
  let places: string[] = [];
  const handOver = () => {
    if (items.length > 0) tell({ kind: 'items', items, places });
    items = [];
    places = [];
  };
  try {
    const summary = checkList(decodeText(new Uint8Array(await data.arrayBuffer())), (item, place) => {
      items.push(item);
      places.push(place);
      if (items.length === itemsAtOnce) handOver();
    });
    handOver();
    tell({ kind: 'checked', summary });
  } catch (error) {
    if (!(error instanceof NoListError)) throw error;
    tell({ kind: 'refused', message: error.message });
  }
});
