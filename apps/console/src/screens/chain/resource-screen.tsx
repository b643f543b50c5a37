import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function ResourceScreen() {
  return <Page title={shell.overview} />;
}
