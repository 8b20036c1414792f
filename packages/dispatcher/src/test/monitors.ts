import { JobError, LavaError } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { textList } from '../overlay/definition-file.ts';
import { pythonText } from '../text/shell-text.ts';
import type { Action, Method, Parameters } from '../pipeline/action.ts';
import type { Match } from '../expect/expect-stream.ts';
import { ExpectedCases } from './expected.ts';
import type { FormatCase, FormatReader } from './formats/format.ts';
import { formatNames, formatReader } from './formats/formats.ts';
import { parseNumber, type TestCaseResult } from './signals.ts';

const resultWords = ['pass', 'fail', 'skip', 'unknown'];

/** Results found in what a device prints by itself, between a start and an end. */
export const monitors: Method = {
  name: 'lava-test-monitor',
  accepts: (_job, parameters) => (parameters['monitors'] === undefined ? '"monitors" not in parameters' : true),
  build: (_job, parameters) => ({
    name: 'lava-test-monitor-retry',
    summary: 'Retry support for Lava Test Monitoring',
    description: 'Retry wrapper for lava-test-monitor',
    retry: true,
    timeoutError: 'test-shell',
    children: [{
      name: 'lava-test-monitor',
      summary: 'Lava Test Monitor',
      description: 'Executing lava-test-monitor',
      timeoutError: 'test-shell',
      validate(a) {
        if (!Array.isArray(parameters['monitors'])) a.error("'monitors' should be a list");
        for (const monitor of monitorsOf(parameters)) {
          for (const key of ['name', 'start', 'end', monitor['format'] === undefined ? 'pattern' : 'format']) if (typeof monitor[key] !== 'string' || monitor[key] === '') a.error(`Missing '${key}' of monitor '${pythonText(monitor['name'])}'`);
        }
      },
      async run(a) {
        for (const monitor of monitorsOf(parameters)) await follow(a, monitor);
      },
    }],
  }),
};

const monitorsOf = (parameters: Parameters): Mapping[] => (Array.isArray(parameters['monitors']) ? parameters['monitors'].filter(isMapping) : []);

async function follow(a: Action, monitor: Mapping): Promise<void> {
  const { log } = a;
  const connection = a.needConnection();
  const suite = pythonText(monitor['name']).toLowerCase().replaceAll(' ', '-');
  const expected = Array.isArray(monitor['expected']) ? new ExpectedCases(textList(monitor['expected'])) : undefined;
  const reader = monitor['format'] === undefined ? undefined : needReader(pythonText(monitor['format']));
  const patterns = [pythonText(monitor['end']), reader ? /[^\n]*\n/ : pythonText(monitor['pattern'])];
  const record = (found: FormatCase | TestCaseResult) => {
    const result = expected?.check(found.name, found.result, log) ?? found.result;
    log.results({ definition: suite, case: found.name, level: a.level, result, measurement: found.measurement, units: found.units, set: 'set' in found ? found.set : undefined });
  };
  const reported = (found: readonly FormatCase[]) => {
    found.forEach(record);
    for (const problem of reader?.problems() ?? []) log.error(problem);
  };
  try {
    await connection.expect([pythonText(monitor['start'])], { timeoutMs: a.connectionTimeout * 1000, signal: a.signal });
    for (;;) {
      const match = await connection.expect(patterns, { timeoutMs: a.connectionTimeout * 1000, signal: a.signal }).catch(timedOut);
      if (match === undefined) {
        log.warning('err: lava test monitoring has timed out');
        return;
      }
      if (match.index === 0) {
        log.info('ok: end string found, lava test monitoring stopped');
        return;
      }
      if (reader) {
        reported(reader.line(match.text.trimEnd()));
        continue;
      }
      const found = resultOf(a, match, monitor);
      if (found) record(found);
    }
  } finally {
    if (reader) reported(reader.end());
    expected?.recordMissing(log, suite, a.level);
  }
}

function needReader(format: string): FormatReader {
  const reader = formatReader(format);
  if (!reader) throw new JobError(`'${format}' is no format of results; known are ${formatNames}`, { code: 'result-format' });
  return reader;
}

function resultOf(a: Action, match: Match, monitor: Mapping): TestCaseResult | undefined {
  const { result: word, test_case_id: id, measurement: measured, units } = match.groups;
  if (id === undefined || id.trim() === '') return undefined;
  const name = id.trim().toLowerCase().replace(/\W+/g, '_');
  const measurement = measured === undefined ? undefined : parseNumber(measured);
  const extra = { ...(measurement !== undefined && { measurement }), ...(units !== undefined && { units }) };
  if (word === undefined) return measurement === undefined ? undefined : { name, result: 'pass', ...extra };
  const fixup = isMapping(monitor['fixupdict']) ? monitor['fixupdict'] : {};
  const result = Object.hasOwn(fixup, word) ? pythonText(fixup[word]) : word;
  if (resultWords.includes(result)) return { name, result, ...extra };
  a.log.error(`error: bad test results: ${result}`);
  return undefined;
}

function timedOut(error: unknown): undefined {
  if (error instanceof LavaError && error.code === 'prompt-timeout') return;
  throw error;
}
