import type { JobLog } from '../log/job-log.ts';

interface CaseMarkers { start?: number; end?: number; at?: number }

const byLog = new WeakMap<JobLog, Markers>();

/**
 * Which records of the log belong to a test case, by its name: its result refers to them. They outlive a test block, as
 * a case may be reported after it.
 */
export class Markers {
  readonly #log: JobLog;
  readonly #cases = new Map<string, CaseMarkers>();

  private constructor(log: JobLog) {
    this.#log = log;
  }

  static of(log: JobLog): Markers {
    let markers = byLog.get(log);
    if (!markers) byLog.set(log, markers = new Markers(log));
    return markers;
  }

  /** Remembers the record just written. */
  mark(name: string, kind: keyof CaseMarkers): void {
    this.#cases.set(name, { ...this.#cases.get(name), [kind]: this.#log.count - 1 });
  }

  /** Keys for the result of a case, after which its markers are forgotten. */
  take(name: string): { starttc?: number | null; endtc?: number | null } {
    const found = this.#cases.get(name);
    this.#cases.delete(name);
    return found ? { starttc: found.start ?? found.at ?? null, endtc: found.end ?? found.at ?? null } : {};
  }
}
