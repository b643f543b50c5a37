import { lazyRouteComponent } from '@tanstack/react-router';
import { addressOf } from '../api/places.ts';
import { failures } from '../words/failures.ts';

/** Milliseconds between two questions whether the server is there again. */
const askEveryMs = 2_000;

/** The files of a screen did not load although the server answers: a newer console may have other files. */
export class UnloadedScreenError extends Error {}

/** A screen whose files are loaded when it opens. While the server is away, that waits. */
export function lazyScreen<Screens extends Record<string, unknown>, Name extends keyof Screens & string>(
  load: () => Promise<Screens>,
  name: Name,
) {
  const loadOrWait = async () => {
    try {
      return await load();
    } catch (cause) {
      await serverAnswers();
      // A browser does not load a file again that it failed to load, so that the page must be loaded again.
      throw new UnloadedScreenError(failures.unloaded, { cause });
    }
  };
  return lazyRouteComponent(loadOrWait, name);
}

async function serverAnswers(): Promise<void> {
  for (;;) {
    try {
      const response = await fetch(addressOf(''), { method: 'HEAD', cache: 'no-store' });
      if (response.ok) return;
    } catch {
      // It is still away.
    }
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}
