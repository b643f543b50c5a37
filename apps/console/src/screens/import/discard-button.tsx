import { useNavigate } from '@tanstack/react-router';
import { importWords as words } from '../../words/import.ts';
import { discardImport } from './import-store.ts';

/** Forgets the list, and leads to the choice of another one. */
export function DiscardButton({ text = words.discard }: { readonly text?: string }) {
  const navigate = useNavigate();
  const discard = async () => {
    await navigate({ to: '/import', search: { step: 'choose' } });
    discardImport();
  };
  return (
    <button type="button" className="button" onClick={discard}>
      {text}
    </button>
  );
}
