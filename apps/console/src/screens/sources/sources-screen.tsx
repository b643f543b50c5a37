import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function SourcesScreen() {
  return <Page title={shell.sources} />;
}
