import { setTimeout as pause } from 'node:timers/promises';

/** Tries again while the server is away. */
export async function patiently<T>(work: () => Promise<T>, seconds = 150): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    try {
      return await Promise.race([work(), pause(8000).then(() => { throw new Error('no answer'); })]);
    } catch (error) {
      if (performance.now() > end || /: 4\d\d /.test(String(error))) throw error;
      await pause(100);
    }
  }
}
