import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { endpointFile } from '@backup-sync/contracts';
import { signature } from '@backup-sync/core';
import { type Ended, type RunOptions, run, start } from './testing.ts';

/** All output, answers and files, by place, to be searched for secrets. */
export class Traces {
  readonly #texts = new Map<string, string>();

  add(place: string, content: string): void {
    this.#texts.set(place, `${this.textOf(place)}\n${content}`);
  }

  /** Adds every file of a directory as a separate place. */
  async addFiles(directory: string): Promise<void> {
    const entries = await readdir(directory, { withFileTypes: true, recursive: true });
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    for (const path of paths) this.add(path.slice(directory.length + 1), await readFile(path, 'latin1'));
  }

  textOf(place: string): string {
    return this.#texts.get(place) ?? '';
  }

  /** The places that contain a secret, plain or encoded. */
  placesOf(secret: string): string[] {
    const bytes = Buffer.from(secret);
    const encoded = [bytes.toString('base64'), bytes.toString('hex'), encodeURIComponent(secret)];
    // The last characters of base64 depend on what follows.
    const forms = [secret, ...encoded].map((form) => form.replace(/.?=+$/, ''));
    return [...this.#texts]
      .filter(([, content]) => forms.some((form) => content.includes(form)))
      .map(([place]) => place);
  }

  /** Runs a command, and keeps what it prints as two places: `<its words>: output` and `…: messages`. */
  async run(args: readonly string[], options: RunOptions): Promise<Ended> {
    const ended = await run(args, options);
    this.add(`${args.join(' ')}: output`, ended.output);
    this.add(`${args.join(' ')}: messages`, ended.messages);
    return ended;
  }

  /** Makes a call, and keeps its answer as two places: `<place>: headers` and `…: body`. */
  async call(place: string, url: string, init: RequestInit): Promise<Response> {
    const response = await fetch(url, init);
    const answer = response.clone();
    this.add(`${place}: headers`, JSON.stringify([...answer.headers]));
    this.add(`${place}: body`, await answer.text());
    return response;
  }
}

/** A running server. Disposing kills it if it has not ended. */
export type TracedServer = AsyncDisposable & {
  /** Its address and the token left for commands on the same machine. */
  readonly endpoint: string;
  readonly projectId: string;
  readonly token: string;
  /** Sends a signal, waits for the end, and keeps the output as the place `server`. */
  readonly endWith: (signal: NodeJS.Signals) => Promise<void>;
};

/** Starts `serve` and waits until it listens. */
export async function startTracedServer(
  traces: Traces,
  dataDirectory: string,
  args: readonly string[],
  options: RunOptions,
): Promise<TracedServer> {
  const child = start(['serve', '--listen', '127.0.0.1:0', '--data-dir', dataDirectory, ...args], options);
  const messages = text(child.stderr);
  const ended = once(child, 'close');
  const [first] = await once(child.stdout, 'data');
  traces.add('server', String(first));
  child.stdout.on('data', (piece) => traces.add('server', String(piece)));
  const left = endpointFile.parse(JSON.parse(await readFile(join(dataDirectory, 'endpoint.json'), 'utf8')));
  return {
    endpoint: left.endpoint,
    projectId: left.project_id,
    token: left.token,
    async endWith(signal) {
      child.kill(signal);
      await ended;
      traces.add('server', await messages);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The headers of a signed request without a body. */
export async function signedHeaders(
  { accessKey, secretKey }: { readonly accessKey: string; readonly secretKey: string },
  url: string,
): Promise<Record<string, string>> {
  const { host, pathname, search } = new URL(url);
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const headers = { host, 'x-sdk-date': date };
  const signed = await signature(secretKey, date, {
    method: 'GET',
    target: pathname + search,
    headers: Object.entries(headers),
    signedHeaders: Object.keys(headers),
    bodyHash: createHash('sha256').digest('hex'),
  });
  const named = `SignedHeaders=${Object.keys(headers).join(';')}`;
  return { 'X-Sdk-Date': date, Authorization: `SDK-HMAC-SHA256 Access=${accessKey}, ${named}, Signature=${signed}` };
}
