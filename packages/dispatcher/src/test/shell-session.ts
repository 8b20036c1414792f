import { JobError, LavaError, TestError, monotonicMs } from '@lava/base';
import { isMapping, pythonRepr } from '@lava/job';
import type { Connection } from '../console/connection.ts';
import type { Pattern } from '../expect/pattern.ts';
import { toLogValue } from '../log/log-value.ts';
import { testRuns, type TestRun } from '../overlay/definitions.ts';
import type { Action } from '../pipeline/action.ts';
import { ExpectedCases } from './expected.ts';
import type { FormatCase, FormatReader } from './formats/format.ts';
import { formatNames, formatReader } from './formats/formats.ts';
import { answerGroupCall } from './group-call.ts';
import { Markers } from './markers.ts';
import { caseRecord, parseMatch, parseTestCase, type ParsedCase } from './signals.ts';

// Earlier ones win when several match at the same place.
const runnerExit = /<LAVA_TEST_RUNNER EXIT>/;
const installFailed = /<LAVA_TEST_RUNNER INSTALL_FAIL>/;
const signal = /<LAVA_SIGNAL_(\S+) ([^>]+)>/;
/** A line of a report: none with a word for the worker in it. */
const reportLine = /^(?!.*<LAVA_)[^\n]*\n/;
const groupCall = /<LAVA_MULTI_NODE> <LAVA_(\S+) ([^>]+)>/;

/** A run between its STARTRUN and its ENDRUN signal. */
interface OpenRun {
  /** Case of suite `lava` that fails if the run never ends. */
  readonly name: string;
  readonly uuid?: string;
  readonly startedMs: number;
}

/** What a shell test on the device tells by its console, from the start of the runner to its exit. */
export class ShellSession {
  readonly #a: Action;
  readonly #stage: number;
  readonly #namespace: string;
  readonly #markers: Markers;
  readonly #runs: ReadonlyMap<string, TestRun>;
  readonly #expected: Map<string, ExpectedCases>;
  readonly #problems: string[] = [];
  /** Suite of the cases: the last run that started. */
  #suite: string | undefined;
  #set: string | undefined;
  #open: OpenRun | undefined;
  #parse: { readonly pattern: string | undefined; readonly fixup: TestRun['fixup'] } | undefined;
  /** Of the whole run, or between two signals. */
  #report: { readonly reader: FormatReader; readonly ofRun: boolean } | undefined;
  #cases: [name: string, result: string][] = [];

  /**
   * @param expected lists of the job by run; those of the definitions' files are added
   * @param namespace of the block, for the results
   */
  constructor(a: Action, stage: number, expected: Map<string, ExpectedCases>, namespace: string) {
    this.#a = a;
    this.#stage = stage;
    this.#namespace = namespace;
    this.#markers = Markers.of(a.log);
    this.#runs = a.get(testRuns) ?? new Map();
    this.#expected = expected;
  }

  /** Follows the console until the runner exits. @throws TestError, JobError; ConnectionClosedError when the connection ends */
  async follow(connection: Connection): Promise<void> {
    const { log } = this.#a;
    const seconds = Math.min(this.#a.timeout, this.#a.connectionTimeout);
    log.info(`Test shell timeout: ${seconds}s (minimum of the action and connection timeout)`);
    try {
      for (;;) {
        const patterns: Pattern[] = [runnerExit, installFailed, signal, groupCall];
        if (this.#report) patterns.push(reportLine);
        else if (this.#parse?.pattern) patterns.push(this.#parse.pattern);
        const match = await connection.expect(patterns, { timeoutMs: seconds * 1000, signal: this.#a.signal }).catch(nothingYet);
        if (match === undefined) continue;
        // What is logged about a marker comes after its line. Patterns of users match in the middle of lines that go on.
        if (match.index <= 3) connection.logUnfinishedLine();
        if (match.index === 0) break;
        if (match.index === 1) this.#installFailed();
        else if (match.index === 2) this.#signal(match.captures[0] ?? '', match.captures[1] ?? '');
        else if (match.index === 3) {
          if (!await this.#groupCall(connection, match.captures[0] ?? '', match.captures[1] ?? '')) return;
        } else if (this.#report) this.#reported(this.#report.reader, this.#report.reader.line(match.text.trimEnd()));
        else this.#record(parseMatch(match.groups, this.#parse?.fixup));
      }
      log.info('ok: lava_test_shell seems to have completed');
    } finally {
      this.#markUnfinished();
    }
    if (this.#problems.length > 0) throw new TestError(pythonRepr(this.#problems), { code: 'install-failed' });
  }

  #installFailed(): void {
    this.#a.log.error(`Unable to start stage ${this.#stage}. Read the log for more details.`);
    this.#problems.push(`Unable to start test stage ${this.#stage}`);
    this.#open = { name: `stage_${this.#stage}`, startedMs: monotonicMs() };
  }

  #markUnfinished(): void {
    this.#endReport();
    const open = this.#open;
    this.#open = undefined;
    if (!open) return;
    this.#a.log.error('Marking unfinished test run as failed');
    this.#a.log.results({ definition: 'lava', case: open.name, uuid: open.uuid, result: 'fail', duration: durationOf(open) });
  }

  #signal(name: string, text: string): void {
    const { log } = this.#a;
    const words = text.split(/\s+/).filter((word) => word !== '');
    log.debug(`Received signal: <${name}> ${text}`);
    switch (name) {
      case 'STARTRUN': this.#startRun(words); break;
      case 'ENDRUN': this.#endRun(words); break;
      case 'STARTTC': this.#markers.mark(words[0] ?? '', 'start'); break;
      case 'ENDTC': this.#markers.mark(words[0] ?? '', 'end'); break;
      case 'TESTCASE': this.#testCase(words); break;
      case 'TESTREFERENCE': this.#testReference(words); break;
      case 'TESTSET': this.#testSet(words); break;
      case 'TESTRAISE': throw new TestError(words.join(' '), { code: 'test-raise' });
      case 'TESTEVENT': log.event(words.join(' ')); break;
      case 'STARTREPORT': this.#startReport(words[0] ?? '', false); break;
      case 'ENDREPORT': if (this.#report?.ofRun === false) this.#endReport(); break;
      case 'TESTFEEDBACK': this.#feedback(words[0] ?? ''); break;
      default: // Unknown signals are only logged.
    }
  }

  /** @returns false when the call failed: the test is left alone then, and its run is marked as failed */
  async #groupCall(connection: Connection, name: string, text: string): Promise<boolean> {
    const call = await answerGroupCall(this.#a, connection, name, text);
    if (!call) return true;
    if (call.result !== undefined) this.#testCase([`TEST_CASE_ID=multinode-${call.id.toLowerCase()}`, `RESULT=${call.result}`]);
    return call.result === 'pass';
  }

  #startRun([id, uuid]: readonly string[]): void {
    if (id === undefined || uuid === undefined) throw new TestError('Invalid signal', { code: 'invalid-signal' });
    const { log } = this.#a;
    log.info(`Starting test lava.${id} (${uuid})`);
    const run = this.#runs.get(id);
    this.#suite = id;
    this.#cases = [];
    this.#open = { name: id, uuid, startedMs: monotonicMs() };
    if (run?.expected && !this.#expected.has(id)) this.#expected.set(id, new ExpectedCases(run.expected));
    if (run?.format !== undefined) this.#startReport(run.format, true);
    if (run && (run.pattern !== undefined || run.fixup)) {
      if (run.pattern !== undefined) log.info(`Enabling test definition pattern ${pythonRepr(run.pattern)}`);
      if (run.fixup) log.info(`Enabling test definition fixup ${pythonRepr(run.fixup)}`);
      // `^` and `$` mean lines.
      this.#parse = { pattern: run.pattern === undefined ? undefined : `(?m)${run.pattern}`, fixup: run.fixup };
    } else {
      log.info('Skipping test definition patterns.');
      this.#parse = undefined;
    }
  }

  #endRun([id, uuid]: readonly string[]): void {
    if (id === undefined || uuid === undefined) throw new TestError('Invalid signal', { code: 'invalid-signal' });
    const { log, level } = this.#a;
    const duration = durationOf(this.#open);
    this.#endReport();
    this.#open = undefined;
    this.#parse = undefined;
    log.info('Ending use of test pattern.');
    log.info(`Ending test lava.${id} (${uuid}), duration ${duration}`);
    this.#logSummary();
    this.#expected.get(id)?.recordMissing(log, id, level, this.#set);
    const run = this.#runs.get(id);
    log.results({
      definition: 'lava', case: id, uuid, repository: toLogValue(run?.repository ?? null), path: run?.path ?? null, duration, result: 'pass',
      revision: run?.revision ?? 'unspecified', namespace: this.#namespace, commit_id: run?.commit,
    });
  }

  #logSummary(): void {
    const { log } = this.#a;
    const line = '-'.repeat(40);
    log.debug(line);
    for (const [name, result] of this.#cases) log.debug(`${name}: ${result}`);
    log.debug(line);
  }

  #testCase(words: readonly string[]): void {
    if (this.#suite === undefined) throw new TestError('Invalid TESTCASE signal', { code: 'invalid-signal' });
    const parsed = parseTestCase(words, this.#parse?.fixup);
    if ('ok' in parsed) this.#markers.mark(parsed.ok.name, 'at');
    this.#record(parsed);
  }

  #record(parsed: ParsedCase, set = this.#set): void {
    const { log } = this.#a;
    if ('refused' in parsed) {
      log.error(parsed.refused);
      return;
    }
    const suite = this.#suite ?? '';
    const { name } = parsed.ok;
    const result = this.#expected.get(suite)?.check(name, parsed.ok.result, log) ?? parsed.ok.result;
    this.#cases.push([name, result]);
    log.results({ ...caseRecord(suite, { ...parsed.ok, result }), set, ...this.#markers.take(name) });
  }

  #startReport(format: string, ofRun: boolean): void {
    this.#endReport();
    const reader = formatReader(format);
    if (reader) {
      this.#a.log.info(`Reading results in the format ${format}`);
      this.#report = { reader, ofRun };
    } else this.#a.log.error(`'${format}' is no format of results; known are ${formatNames}`);
  }

  #endReport(): void {
    const { reader } = this.#report ?? {};
    this.#report = undefined;
    if (reader) this.#reported(reader, reader.end());
  }

  #reported(reader: FormatReader, found: readonly FormatCase[]): void {
    for (const { set, ...ok } of found) this.#record({ ok }, set ?? this.#set);
    for (const problem of reader.problems()) this.#a.log.error(problem);
  }

  #testReference([name, result, reference, ...more]: readonly string[]): void {
    if (name === undefined || result === undefined || reference === undefined || more.length > 0 || this.#suite === undefined) {
      throw new TestError('Invalid use of TESTREFERENCE', { code: 'invalid-signal' });
    }
    this.#a.log.results({ case: name, definition: this.#suite, result, reference, set: this.#set });
  }

  #testSet([action, name]: readonly string[]): void {
    const { log } = this.#a;
    if (action === 'START') {
      if (name === undefined) throw new JobError('Test set declared without a name', { code: 'test-set' });
      this.#set = name;
      log.info(`Starting test_set ${name}`);
    } else if (action === 'STOP') {
      if (this.#set !== undefined) log.info(`Closing test_set ${this.#set}`);
      this.#set = undefined;
    }
  }

  /** Consoles of other namespaces are in the log as soon as they print; there is nothing to wait for. */
  #feedback(namespace: string): void {
    const { definition } = this.#a.job;
    const blocks = Array.isArray(definition['actions']) ? definition['actions'].filter(isMapping).flatMap((block) => Object.values(block)) : [];
    if (!blocks.some((block) => isMapping(block) && block['namespace'] === namespace)) this.#a.log.error(`'${namespace}' is not a valid namespace`);
  }
}

const durationOf = (open: OpenRun | undefined) => (open ? (monotonicMs() - open.startedMs) / 1000 : 0).toFixed(2);

/** A wait that found nothing is no error here: only the action's own timeout ends the test. */
function nothingYet(error: unknown): undefined {
  if (error instanceof LavaError && error.code === 'prompt-timeout') return;
  throw error;
}
