import { statfs } from 'node:fs/promises';
import { BackupSyncError } from '@backup-sync/contracts';
import type { Engine, Measured, MeasureLimits } from '@backup-sync/engine';
import { catalogueFamilies } from './catalogue-families.ts';
import type { NodeMetrics, NodeState } from './node-metrics.ts';
import { contentTypes, type MetricsFormat, writeFamilies } from './write-families.ts';

/** An answer is complete before Prometheus gives up, which it does after 10 s unless told otherwise. Milliseconds. */
const answeredAfterMs = 8_000;

const usualLimits: MeasureLimits = { projects: 500, sources: 1_000, resources: 5_000 };

type Answer = { readonly text: string; readonly contentType: string };

/**
 * Collects and writes the metrics of this process and of the catalogue. Scrapes at the same time share one collection,
 * and one reading of the catalogue even if the scrapes that wanted it have given up.
 */
export class Collector {
  readonly #node: NodeMetrics;
  readonly #dataDirectory: string | null;
  readonly #limits: MeasureLimits;
  readonly #writing = new Map<MetricsFormat, Promise<Answer>>();
  #measuring: Promise<Measured> | null = null;
  #engine: Pick<Engine, 'checkReady' | 'measure'> | null = null;
  #state: 'starting' | 'stopping' = 'starting';

  constructor(
    node: NodeMetrics,
    options: { readonly dataDirectory: string | null; readonly seriesLimits?: MeasureLimits | undefined },
  ) {
    this.#node = node;
    this.#dataDirectory = options.dataDirectory;
    this.#limits = options.seriesLimits ?? usualLimits;
  }

  begin(engine: Pick<Engine, 'checkReady' | 'measure'>): void {
    this.#engine = engine;
  }

  stop(): void {
    this.#engine = null;
    this.#state = 'stopping';
  }

  /** Returns the metrics. Throws `unavailable` while the server starts or stops. */
  async write(format: MetricsFormat): Promise<Answer> {
    const engine = this.#engine;
    if (engine === null) throw new BackupSyncError('unavailable', `the server is ${this.#state}`);
    const writing = this.#writing.get(format) ?? this.#write(format, engine);
    this.#writing.set(format, writing);
    try {
      return await writing;
    } finally {
      this.#writing.delete(format);
    }
  }

  async #write(format: MetricsFormat, engine: Pick<Engine, 'checkReady' | 'measure'>): Promise<Answer> {
    this.#measuring ??= engine.measure(this.#limits).finally(() => {
      this.#measuring = null;
    });
    const [isReady, measured, disk] = await Promise.all([
      inTime(engine.checkReady().then(() => true)),
      inTime(this.#measuring),
      this.#measureDisk(),
    ]);
    this.#node.set({ isReady: isReady ?? false, isRead: measured !== null, disk });
    const families = [...(await this.#node.read()), ...(measured === null ? [] : catalogueFamilies(measured))];
    return { text: await writeFamilies(families, format), contentType: contentTypes[format] };
  }

  async #measureDisk(): Promise<NodeState['disk']> {
    if (this.#dataDirectory === null) return null;
    const stats = await inTime(statfs(this.#dataDirectory));
    // Some network file systems report zero for everything.
    if (stats === null || stats.blocks === 0) return null;
    return { sizeBytes: stats.blocks * stats.bsize, availableBytes: stats.bavail * stats.bsize };
  }
}

/** Returns what is found out in time; null if it fails or takes too long. The metrics then say so. */
async function inTime<Value>(finding: Promise<Value>): Promise<Value | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), answeredAfterMs);
  try {
    return await Promise.race([finding.catch(() => null), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
