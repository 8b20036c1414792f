import { performance } from 'node:perf_hooks';

/** Monotonic time in milliseconds; only differences mean something. */
export function monotonicMs(): number {
  return performance.now();
}

/** Resolves after `ms` milliseconds, or rejects with the signal's reason when it is aborted first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => { clearTimeout(timer); reject(signal?.reason); };
    const timer = setTimeout(() => { signal?.removeEventListener('abort', stop); resolve(); }, Math.max(0, ms));
    signal?.addEventListener('abort', stop, { once: true });
  });
}
