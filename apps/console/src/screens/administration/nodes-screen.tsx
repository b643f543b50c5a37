import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function NodesScreen() {
  return <Page title={shell.nodes} />;
}
