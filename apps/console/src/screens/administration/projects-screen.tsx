import { Page } from '../../parts/page.tsx';
import { shell } from '../../words/shell.ts';

export function ProjectsScreen() {
  return <Page title={shell.projects} />;
}
