import { dumpYaml } from '@lava/yaml';
import { testResults, type LogValue } from '@lava/job';

/** A test case ready to be stored. */
export interface NewCase {
  readonly suite: string;
  readonly set: string | null;
  readonly name: string;
  readonly result: number;
  readonly measurement: string | null;
  readonly units: string;
  readonly metadata: string;
  readonly startLine: number | null;
  readonly endLine: number | null;
}

/** What a `results` record comes to: a case, or why there is none, or both a case and something to tell the submitter. */
export interface Understood {
  readonly testCase?: NewCase;
  /** Added to the job's failure comment. */
  readonly complaint?: string;
  /** Content of `extra`, to be kept in this file of the job's folder. */
  readonly extra?: { readonly file: string; readonly value: LogValue };
}

type Mapping = { readonly [key: string]: LogValue | undefined };

const longestMetadata = 4096;
const longestComplaint = 256;
const longestSuite = 200;

/** Makes a test case of the message of a `results` record (results-and-logs §9). */
export function understandResult(job: number, msg: LogValue): Understood {
  if (typeof msg !== 'object' || msg === null || Array.isArray(msg)) return { complaint: cut(`[${job}] ${JSON.stringify(msg)} is not a dictionary`) };
  const all = msg as Mapping;
  const { definition, case: rawName, result } = all;
  if (definition === undefined || rawName === undefined || result === undefined) {
    return { complaint: cut(`Missing some keys ("definition", "case" or "result") in ${JSON.stringify(msg)}`) };
  }
  const number = testResults.indexOf(String(result) as 'pass');
  const suite = String(definition);
  if (number < 0 || suite === '' || suite.length > longestSuite || suite.includes('\0')) return {};
  const { starttc, endtc, ...rest } = all;
  const extra = extraFile(all);
  const kept: Mapping = 'extra' in all ? { ...rest, extra: extra?.file ?? null } : rest;
  const complaints: string[] = [];
  const metadata = metadataText(job, kept, complaints);
  const own = suite === 'lava';
  const set = ownSet(all['set'], complaints);
  const measurement = decimal(own ? all['duration'] : all['measurement']);
  if (measurement === undefined) return {};
  return {
    testCase: {
      suite, set, result: number, metadata, measurement,
      // eslint-disable-next-line no-control-regex
      name: String(rawName).trim().replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '_ctrl-char_'),
      units: own ? (all['duration'] === undefined ? '' : 'seconds') : String(all['units'] ?? '').replaceAll('\0', ''),
      startLine: own ? null : lineNumber(starttc), endLine: own ? null : lineNumber(endtc),
    },
    ...(extra && { extra }),
    ...(complaints.length && { complaint: complaints.join('') }),
  };
}

function extraFile(all: Mapping): { file: string; value: LogValue } | undefined {
  const { definition, case: name, level, extra } = all;
  if (extra === undefined || level === undefined) return undefined;
  const plain = `${String(definition)}-${String(name)}-${String(level)}`.replaceAll(/[^A-Za-z0-9_.+~-]/g, '_').slice(0, 200);
  return { file: `metadata/${plain}.yaml`, value: extra };
}

function metadataText(job: number, kept: Mapping, complaints: string[]): string {
  const text = dumpYaml(kept);
  if (text.length <= longestMetadata) return text.replaceAll('\0', '');
  complaints.push(cut(`[${job}] Result metadata is too long. ${JSON.stringify(kept)}`));
  const { case: name, definition, result, error_type, error_msg } = kept;
  const short = error_msg === undefined ? undefined : String(error_msg).slice(0, 256);
  return dumpYaml({ case: String(name).slice(0, 1000), definition, result, error_type, error_msg: short });
}

function ownSet(set: LogValue | undefined, complaints: string[]): string | null {
  if (set === undefined || set === null) return null;
  const name = String(set);
  if (/^[A-Za-z0-9_.\-~/]+$/.test(name) && name.length <= 200) return name;
  complaints.push(cut(`Invalid testset name '${name}', ignoring.`));
  return null;
}

/** Decimal text that fits the column (30 digits, 10 of them decimals); null: none; undefined: it cannot be stored. */
function decimal(value: LogValue | undefined): string | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  const text = String(value).trim();
  const number = Number(text);
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) && Math.abs(number) < 1e20 ? text : undefined;
}

function lineNumber(value: LogValue | undefined): number | null {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : null;
}

const cut = (text: string) => text.replaceAll('\0', '').slice(0, longestComplaint);
