import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function SourceScreen() {
  return <Page title={shell.sources} />;
}
