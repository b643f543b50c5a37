import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function ImportScreen() {
  return <Page title={shell.import} />;
}
