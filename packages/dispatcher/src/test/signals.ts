import type { LogValue, Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';

/** Words of a result, as the server takes them. */
const resultWords = ['pass', 'fail', 'skip', 'unknown'];

/** What results may be called if a definition does not say otherwise. */
const defaultFixup: Mapping = { PASS: 'pass', FAIL: 'fail', SKIP: 'skip', UNKNOWN: 'unknown' };

export interface TestCaseResult {
  readonly name: string;
  readonly result: string;
  readonly measurement?: number;
  readonly units?: string;
}

/** A test case, or the lines that say why there is none. */
export type ParsedCase = { readonly ok: TestCaseResult } | { readonly refused: string };

/** Translates a word by the definition's table, which replaces the default one. */
function fixUp(word: string, fixup: Mapping | undefined): string {
  const table = fixup ?? defaultFixup;
  return Object.hasOwn(table, word) ? asText(table[word]) : word;
}

/**
 * Reads the parameters of a TESTCASE signal: `KEY=VALUE` words in any order. There is no quoting: a blank in a value
 * makes the signal malformed.
 */
export function parseTestCase(parameters: readonly string[], fixup: Mapping | undefined): ParsedCase {
  const data: Record<string, string> = {};
  for (const word of parameters) {
    const at = word.indexOf('=');
    if (at < 0) return { refused: `Ignoring malformed parameter for signal: "${word}". ` };
    data[word.slice(0, at).toLowerCase()] = word.slice(at + 1);
  }
  const { result, test_case_id: name, measurement: measured, units } = data;
  let measurement: number | undefined;
  if (measured !== undefined) {
    measurement = parseNumber(measured);
    if (measurement === undefined) return { refused: `Invalid measurement '${measured}'` };
  }
  const fixed = result === undefined ? undefined : fixUp(result, fixup);
  if (fixed !== undefined && !resultWords.includes(fixed)) return { refused: `Bad test result: '${fixed}'` };
  if (name === undefined || name === '') return { refused: `Test case results without test_case_id (probably a sign of an incorrect parsing pattern being used): ${printed(data)}` };
  if (fixed === undefined) return { refused: `Test case results without result (probably a sign of an incorrect parsing pattern being used): ${printed(data)}` };
  return { ok: { name, result: fixed, ...(measurement !== undefined && { measurement, ...(units !== undefined && { units }) }) } };
}

/** What a `parse` pattern matched. The word of the result is fixed up but not checked; names with blanks are no names. */
export function parseMatch(groups: Readonly<Record<string, string | undefined>>, fixup: Mapping | undefined): ParsedCase {
  const { test_case_id: name, result, measurement: measured, units } = groups;
  if (result === undefined) return { refused: "The 'parse' pattern has no group 'result', or it matched nothing" };
  if (name === undefined || name === '') return { refused: `Test case results without test_case_id (probably a sign of an incorrect parsing pattern being used): ${printed(groups)}` };
  if (/\s/.test(name)) return { refused: `Skipping the name of a test case with blanks: '${name}'` };
  const measurement = measured === undefined || measured === '' ? undefined : parseNumber(measured);
  if (measured !== undefined && measured !== '' && measurement === undefined) return { refused: `Invalid measurement '${measured}'` };
  return { ok: { name, result: fixUp(result, fixup), ...(measurement !== undefined && { measurement, ...(units !== undefined && { units }) }) } };
}

/** A decimal number as the device prints it. */
export function parseNumber(text: string): number | undefined {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

function printed(data: Readonly<Record<string, string | undefined>>): string {
  return `{${Object.entries(data).filter(([, value]) => value !== undefined).map(([key, value]) => `'${key}': '${value ?? ''}'`).join(', ')}}`;
}

/** Keys of a case in a results record, in LAVA's order. */
export function caseRecord(definition: string, found: TestCaseResult): { definition: string; case: string; result: string; [key: string]: LogValue | undefined } {
  return { definition, case: found.name, result: found.result, measurement: found.measurement, units: found.units };
}
