import type { JobLog } from '../log/job-log.ts';

/** Cases that a run must report. */
export class ExpectedCases {
  readonly #missing: Set<string>;
  readonly #all: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#all = new Set(names);
    this.#missing = new Set(names);
  }

  /** The result to record for a case: one that nobody expects has failed. */
  check(name: string, result: string, log: JobLog): string {
    this.#missing.delete(name);
    if (this.#all.has(name)) return result;
    log.error(`'${name}' not found in expected test case list!`);
    if (result === 'fail') return result;
    log.error(`Forcing unexpected '${name}' result '${result}' to 'fail' ...`);
    return 'fail';
  }

  /** Records the cases that were not reported, once. */
  recordMissing(log: JobLog, definition: string, level: string, set?: string): void {
    for (const name of [...this.#missing].sort()) {
      log.results({
        definition, case: name, level, result: 'fail', extra: { reason: "missing expected test cases are reported as 'fail' by LAVA." }, set,
      });
    }
    this.#missing.clear();
  }
}
