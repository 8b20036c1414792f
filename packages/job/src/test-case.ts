import { dumpYaml } from '@lava/yaml';
import { isMapping } from './mapping.ts';
import { pythonRepr } from './python-text.ts';
import { testResults } from './states.ts';
import type { LogValue } from './log-record.ts';

/** A test case ready to be stored. */
export interface NewCase {
  readonly suite: string;
  readonly set: string | null;
  readonly name: string;
  /** Index in `testResults`. */
  readonly result: number;
  /** Decimal text of at most 20 digits before the point, or null. */
  readonly measurement: string | null;
  readonly units: string;
  /** The record as block-style YAML. */
  readonly metadata: string;
  /** Numbers of log records, from 0. */
  readonly startLine: number | null;
  readonly endLine: number | null;
}

/** What a `results` record comes to: a case or the reason why there is none, and what the submitter is told. */
export interface Understood {
  readonly testCase?: NewCase;
  /** Why there is no case; for the server's own log. */
  readonly dropped?: string;
  /** Added to the job's failure comment. */
  readonly complaint?: string;
  /** Content of `extra`, kept in this file of the job's folder; merged with what is there, later keys win. */
  readonly extra?: { readonly file: string; readonly value: LogValue };
}

type Record = { readonly [key: string]: LogValue | undefined };

const longestMetadata = 4096;
const longestComplaint = 256;
const longestSuite = 200;

/**
 * Makes a test case of the message of a `results` record. Suite `lava` measures durations and has no lines; all others
 * bring measurement, units and lines of their own.
 */
export function understandResult(job: number, msg: LogValue): Understood {
  if (!isMapping(msg)) return { complaint: cut(`[${job}] ${typeof msg === 'string' ? msg : pythonRepr(msg)} is not a dictionary`), dropped: 'not a mapping' };
  const all = msg as Record;
  if (!['definition', 'case', 'result'].every((key) => Object.hasOwn(all, key))) {
    return { complaint: cut(`Missing some keys ("definition", "case" or "result") in ${pythonRepr(all)}`), dropped: 'keys are missing' };
  }
  const suite = plain(all['definition']);
  const own = suite === 'lava';
  const result = testResults.indexOf(plain(all['result']) as 'pass');
  const measurement = decimal(own ? all['duration'] : all['measurement']);
  if (result < 0) return { dropped: `unknown result ${plain(all['result']).slice(0, 60)}` };
  if (suite === '' || suite.length > longestSuite) return { dropped: 'the name of the suite is empty or too long' };
  if (measurement === undefined) return { dropped: 'the measurement is no number that can be stored' };

  const complaints: string[] = [];
  const { starttc, endtc, ...kept } = all;
  const extra = extraFile(all);
  const metadata = metadataText(job, 'extra' in all ? { ...kept, extra: extra?.file ?? null } : kept, complaints);
  const set = setName(all['set'], complaints);
  return {
    testCase: {
      suite, set, name: caseName(plain(all['case'])), result, measurement, metadata,
      units: own ? (measurement === null ? '' : 'seconds') : plain(all['units'] ?? ''),
      startLine: own ? null : lineNumber(starttc), endLine: own ? null : lineNumber(endtc),
    },
    ...(extra && { extra }),
    ...(complaints.length && { complaint: complaints.join('') }),
  };
}

const caseName = (name: string) => name.trim().replaceAll(/\p{Cc}/gu, '_ctrl-char_');

/** Text of a scalar as Python prints it; the database takes no null characters. */
const plain = (value: LogValue | undefined) => (typeof value === 'string' ? value : pythonRepr(value)).replaceAll('\0', '');

function extraFile(all: Record): Understood['extra'] {
  const { definition, case: name, level, extra } = all;
  if (extra === undefined || level === undefined) return undefined;
  // Names come from the device: no part of the path may lead elsewhere.
  const safe = [definition, name, level].map((part) => plain(part).replaceAll(/[^A-Za-z0-9_.+~-]/g, '_')).join('-').slice(0, 200);
  return { file: `metadata/${safe}.yaml`, value: extra };
}

function metadataText(job: number, kept: Record, complaints: string[]): string {
  const text = dumpYaml(kept);
  if ([...text].length <= longestMetadata) return text;
  complaints.push(cut(`[${job}] Result metadata is too long. ${pythonRepr(kept)}`));
  const { case: name, definition, result, error_type, error_msg } = kept;
  const shortened = { case: short(name), definition, result, error_type: short(error_type), error_msg: error_msg === undefined ? undefined : short(error_msg) };
  return dumpYaml(shortened);
}

const short = (value: LogValue | undefined) => (value === undefined ? undefined : plain(value).slice(0, longestComplaint));

/** Names that URLs quote are not taken. */
function setName(set: LogValue | undefined, complaints: string[]): string | null {
  if (set === undefined || set === null) return null;
  const name = plain(set);
  if (/^[A-Za-z0-9_.\-~/]+$/.test(name) && name.length <= 200) return name;
  complaints.push(cut(`Invalid testset name '${name}', ignoring.`));
  return null;
}

/** Decimal text that fits 30 digits with 10 decimals; null for none, undefined if it cannot be stored. */
function decimal(value: LogValue | undefined): string | null | undefined {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'object' || typeof value === 'boolean') return undefined;
  const text = String(value).trim();
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i.test(text) && Math.abs(Number(text)) < 1e20 && text.length < 400 ? text : undefined;
}

function lineNumber(value: LogValue | undefined): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : null;
}

const cut = (text: string) => text.slice(0, longestComplaint);
