import { type LavaError, monotonicMs } from '@lava/base';

/** Timers take at most 2^31 - 1 milliseconds; longer alarms ring in stages. */
const longestTimer = 0x7fffffff;
/** Milliseconds an action gets to pass on the error of a child. */
const errorGraceMs = 1000;

/**
 * The time of one action: an end, and an alarm that rings at it.
 * Only the innermost running action's alarm is set, as an action which is too late shall end by its own name.
 */
export class ActionClock {
  readonly #parent: ActionClock | undefined;
  readonly #timeUp: (elapsedSeconds: number) => LavaError;
  #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #active = false;
  #startedMs = 0;
  #endMs = 0;
  /** Children that run; while there are some, this alarm is off. */
  #inside = 0;

  constructor(parent: ActionClock | undefined, timeUp: (elapsedSeconds: number) => LavaError) {
    this.#parent = parent;
    this.#timeUp = timeUp;
  }

  get signal(): AbortSignal { return this.#controller.signal; }
  get endMs(): number { return this.#endMs; }
  get startedMs(): number { return this.#startedMs; }
  get busyInside(): boolean { return this.#inside > 0; }

  get elapsedSeconds(): number { return (monotonicMs() - this.#startedMs) / 1000; }
  remainingMs(): number { return Math.max(0, this.#endMs - monotonicMs()); }

  /** Begins a span that ends at `endMs` of the monotonic clock, with a fresh signal. */
  begin(endMs: number): void {
    this.#controller = new AbortController();
    this.#active = true;
    this.#startedMs = monotonicMs();
    this.#endMs = endMs;
    this.#parent?.enter();
    this.#arm();
  }

  /** @param failed the action ends with an error, which is more telling than that its parent's time is over, too */
  end(failed = false): void {
    this.#active = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#parent?.leave(failed);
  }

  abort(error: Error): void {
    this.#controller.abort(error);
  }

  private enter(): void {
    this.#inside += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  private leave(failed: boolean): void {
    this.#inside -= 1;
    if (this.#inside === 0 && this.#active && !this.signal.aborted) this.#arm(failed ? errorGraceMs : 0);
  }

  #arm(graceMs = 0): void {
    if (!Number.isFinite(this.#endMs)) return;
    const left = Math.max(0, this.#endMs - monotonicMs()) + graceMs;
    this.#timer = setTimeout(() => {
      if (left > longestTimer) this.#arm();
      else this.abort(this.#timeUp(this.elapsedSeconds));
    }, Math.min(left, longestTimer));
  }
}
