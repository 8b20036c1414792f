import { messageOf, sleep, version } from '@lava/base';
import type { Services } from '../services.ts';
import { attributesOf, jobSpans, type Span } from './job-spans.ts';
import type { TraceSettings } from './settings.ts';

/** Jobs that may wait to be sent while the receiver is away; the oldest are dropped. */
const mostWaiting = 1000;
/** Tries of one trace, and seconds of silence of the receiver. */
const mostTries = 8;
const patience = 10;

/** The receiver does not take this one, and will not. */
class Refused extends Error {}

/**
 * Sends the traces of jobs as they end, by OTLP over HTTP in JSON. Nothing waits for it: what cannot be delivered for some
 * minutes, or when the server ends, is dropped with a word in the log.
 */
export class TraceExporter {
  readonly #services: Pick<Services, 'db' | 'events' | 'log'>;
  readonly #settings: TraceSettings;
  readonly #firstPause: number;
  readonly #waiting = new Set<number>();
  readonly #stop = new AbortController();
  readonly #unsubscribe: () => void;
  #running: Promise<void> | undefined;

  /** @param options `firstPause`: seconds before the second try; each further pause is twice as long */
  constructor(services: Pick<Services, 'db' | 'events' | 'log'>, settings: TraceSettings, { firstPause = 1 }: { firstPause?: number } = {}) {
    this.#services = services;
    this.#settings = settings;
    this.#firstPause = firstPause;
    this.#unsubscribe = services.events.subscribe((event) => { if (event.type === 'job' && event.state === 'Finished') this.#add(event.id); });
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#stop.abort();
    await this.#running;
    if (this.#waiting.size > 0) this.#services.log.warn(`[TRACE] ${this.#waiting.size} traces were not sent`);
  }

  #add(job: number): void {
    const [oldest] = this.#waiting;
    if (this.#waiting.size >= mostWaiting && oldest !== undefined) {
      this.#waiting.delete(oldest);
      this.#services.log.warn(`[TRACE] The trace of job ${oldest} is dropped: the receiver takes them too slowly`);
    }
    this.#waiting.add(job);
    this.#start();
  }

  #start(): void {
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
      if (this.#waiting.size > 0 && !this.#stop.signal.aborted) this.#start();
    });
  }

  async #drain(): Promise<void> {
    for (const job of this.#waiting) {
      try {
        await this.#sendJob(job);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#services.log.warn(`[TRACE] The trace of job ${job} is dropped: ${messageOf(error)}`);
      }
      this.#waiting.delete(job);
    }
  }

  async #sendJob(job: number): Promise<void> {
    for (let n = 1, pause = this.#firstPause; ; n++, pause *= 2) {
      try {
        const spans = await jobSpans(this.#services.db, job);
        if (spans.length > 0) await this.#post(spans);
        return;
      } catch (error) {
        if (error instanceof Refused || n === mostTries || this.#stop.signal.aborted) throw error;
        await sleep(pause * 1000, this.#stop.signal);
      }
    }
  }

  async #post(spans: readonly Span[]): Promise<void> {
    const { url, headers, resource } = this.#settings;
    const body = { resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans: [{ scope: { name: 'lava', version }, spans }] }] };
    const answer = await fetch(url, {
      method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body), redirect: 'error', signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(patience * 1000)]),
    });
    await answer.arrayBuffer();
    if (answer.ok) return;
    // OTLP names these as the ones that pass.
    const problem = `the receiver answered ${answer.status}`;
    throw [429, 502, 503, 504].includes(answer.status) ? new Error(problem) : new Refused(problem);
  }
}
