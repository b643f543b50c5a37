import { useState } from 'react';
import { common } from '../words/common.ts';
import { announce } from './announcements.tsx';
import { Icon } from './icon.tsx';

/** Text to be used elsewhere, such as a command, with a button that copies it. */
export function Copyable({ text }: { readonly text: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // The browser does not allow it, or the page has no focus.
      setOutcome('refused');
      return;
    }
    setOutcome('copied');
    announce(common.copied);
  };
  return (
    <div className="field">
      <div className="copyable">
        <code>{text}</code>
        {/* Browsers offer the clipboard only to pages that came over TLS or from this machine. */}
        {navigator.clipboard !== undefined && (
          <button type="button" className="button plain" onClick={copy}>
            <Icon name={outcome === 'copied' ? 'good' : 'copy'} />
            {outcome === 'copied' ? common.copied : common.copy}
          </button>
        )}
      </div>
      {/* Next to the text, since a dialog hides the announcements of the page. */}
      {outcome === 'refused' && (
        <div className="problem" role="alert">
          {common.copyRefused}
        </div>
      )}
    </div>
  );
}
