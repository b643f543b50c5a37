import { Notice } from '../../parts/notices.tsx';
import { elsewhereWords } from '../../words/administration.ts';

/** Says that an outside identity service keeps what the screen would show. */
export function KeptElsewhere({ what }: { readonly what: 'users' | 'projects' | 'accessKeys' }) {
  return (
    <Notice tone="quiet" title={elsewhereWords.title}>
      <p>{elsewhereWords[what]}</p>
    </Notice>
  );
}
