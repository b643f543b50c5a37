import { useState } from 'react';
import { common } from '../words/common.ts';
import { announce } from './announcements.tsx';
import { Icon } from './icon.tsx';

/** Text to be used elsewhere, such as a command, with a button that copies it. */
export function Copyable({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    announce(common.copied);
  };
  return (
    <div className="copyable">
      <code>{text}</code>
      {/* Browsers offer the clipboard only to pages that came over TLS or from this machine. */}
      {navigator.clipboard !== undefined && (
        <button type="button" className="button plain" onClick={copy}>
          <Icon name={copied ? 'good' : 'copy'} />
          {copied ? common.copied : common.copy}
        </button>
      )}
    </div>
  );
}
