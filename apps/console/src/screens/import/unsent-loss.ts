import { importWords } from '../../words/import.ts';

type Sending = { readonly isRunning: boolean; readonly acceptedItems: number };

/** What is lost if a list of so many items is discarded while it is being sent, in words; null if it is not. */
export function unsentLoss(sending: Sending | null, items: number): string | null {
  return sending?.isRunning === true ? importWords.stopsSending(sending.acceptedItems, items) : null;
}
