import type { BackupSync } from '@backup-sync/contracts';
import { bytes } from '../../words/amounts.ts';
import { listFaults } from '../../words/lists.ts';
import { changeImport, discardImport, importSignal } from './import-store.ts';
import type { WorkerMessage } from './parse-worker.ts';

/** A page keeps the whole list. The command line reads files of any size. */
const listMaxBytes = 64 * 1024 * 1024;

/** Reads and checks a list in a worker, so that the page stays usable. It takes the place of the list before. */
export function readList(name: string, content: Blob): void {
  discardImport();
  const signal = importSignal();
  const refuse = (message: string) => changeImport({ reading: null, refusal: { name, message } });
  if (content.size > listMaxBytes) {
    refuse(listFaults.tooLarge(bytes(listMaxBytes)));
    return;
  }
  const worker = new Worker(new URL('./parse-worker.ts', import.meta.url), { type: 'module' });
  const items: BackupSync[] = [];
  const places: string[] = [];
  const startMs = performance.now();
  signal.addEventListener('abort', () => worker.terminate(), { once: true });
  worker.addEventListener('message', ({ data }: MessageEvent<WorkerMessage>) => {
    if (signal.aborted) return;
    switch (data.kind) {
      case 'items':
        items.push(...data.items);
        places.push(...data.places);
        return changeImport({ reading: { name, valid: items.length } });
      case 'refused':
        worker.terminate();
        return refuse(data.message);
      case 'checked': {
        worker.terminate();
        const milliseconds = performance.now() - startMs;
        return changeImport({ reading: null, list: { ...data.summary, name, items, places, milliseconds } });
      }
    }
  });
  worker.addEventListener('error', () => {
    worker.terminate();
    refuse(listFaults.unreadable);
  });
  changeImport({ reading: { name, valid: 0 } });
  worker.postMessage(content);
}
