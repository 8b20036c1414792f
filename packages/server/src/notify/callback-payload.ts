import { yamlItem } from '@lava/job';
import { jobMetadata, storedCases } from '../export/cases.ts';
import { storedPieces } from '../logs/json-records.ts';
import type { Services } from '../services.ts';
import { healthOf, stateOf, statusNumber, statusWord, timeText, type JobFacts } from './job-facts.ts';
import type { Callback } from './notify-block.ts';

type Value = string | number | boolean | null | readonly Readonly<Record<string, string>>[] | Readonly<Record<string, string>>;
/** A field of the payload; a log is read piece by piece, it may be large. */
type Field = readonly [name: string, value: Value | (() => AsyncIterable<string>)];

/** What a callback sends, in LAVA's order; receivers such as KernelCI's depend on names, types and texts. */
export async function payloadFields(services: Services, facts: JobFacts, dataset: Callback['dataset']): Promise<Field[]> {
  const fields: Field[] = [
    ['id', facts.id], ['status', statusNumber(facts)], ['status_string', statusWord(facts)], ['state', facts.state], ['state_string', stateOf(facts)],
    ['health', facts.health], ['health_string', healthOf(facts)],
    ['submit_time', timeText(facts.submit_time)], ['start_time', timeText(facts.start_time)], ['end_time', timeText(facts.end_time)],
    ['submitter_username', facts.submitter_username], ['submitter_email', facts.submitter_email], ['failure_comment', facts.failure_comment],
    ['priority', facts.priority], ['description', facts.description], ['actual_device_id', facts.actual_device], ['definition', facts.definition],
    ['metadata', jobMetadata(facts.metadata)], ['health_check', facts.health_check],
  ];
  const count = dataset === 'logs' || dataset === 'all' ? await services.logs.count(facts.id) : 0;
  if (count > 0) fields.push(['log', () => logTexts(services, facts.id, count)]);
  if (dataset === 'results' || dataset === 'all') fields.push(['results', await resultTexts(services, facts.id)]);
  return fields;
}

async function* logTexts(services: Services, job: number, count: number): AsyncGenerator<string> {
  for await (const piece of storedPieces(services.logs, job, 0, count)) yield piece.toString('utf8');
}

/** Of each suite its cases as the text of a YAML list. */
async function resultTexts(services: Services, job: number): Promise<Record<string, string>> {
  const suites = new Map<string, string[]>();
  for await (const one of storedCases(services, job, { bySuite: true })) {
    const items = suites.get(one.suite) ?? [];
    items.push(yamlItem(one));
    suites.set(one.suite, items);
  }
  return Object.fromEntries([...suites].map(([suite, items]) => [suite, items.join('')]));
}

/** The fields as one JSON object. */
export async function* jsonBody(fields: readonly Field[]): AsyncGenerator<string> {
  let before = '{';
  for (const [name, value] of fields) {
    yield `${before}${JSON.stringify(name)}: `;
    before = ', ';
    if (typeof value !== 'function') { yield JSON.stringify(value); continue; }
    yield '"';
    for await (const piece of value()) yield JSON.stringify(piece).slice(1, -1);
    yield '"';
  }
  yield '}';
}

/**
 * The fields as a form, as Python's `requests` writes one: nothing for null, the keys in place of mappings, so that
 * metadata and results lose their values.
 */
export async function* formBody(fields: readonly Field[]): AsyncGenerator<string> {
  let before = '';
  for (const [name, value] of fields) {
    if (typeof value === 'function') {
      yield `${before}${encoded(name)}=`;
      for await (const piece of value()) yield encoded(piece);
      before = '&';
      continue;
    }
    for (const one of formValues(value)) {
      yield `${before}${encoded(name)}=${encoded(one)}`;
      before = '&';
    }
  }
}

function formValues(value: Value): string[] {
  if (value === null) return [];
  if (typeof value === 'boolean') return [value ? 'True' : 'False'];
  if (typeof value !== 'object') return [String(value)];
  return (Array.isArray(value) ? value as readonly object[] : [value]).flatMap((mapping) => Object.keys(mapping));
}

const encoded = (text: string) => encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+').replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
