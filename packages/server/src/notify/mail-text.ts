import { formatDuration } from '@lava/base';
import { dumpYaml } from '@lava/yaml';
import { isMapping } from '@lava/job';
import { storedCases } from '../export/cases.ts';
import { comparisonText } from './comparison.ts';
import { healthOf, nameOf, stateOf, timeText, type JobFacts } from './job-facts.ts';
import type { NotifyBlock } from './notify-block.ts';
import type { SendContext } from './send-context.ts';

/** Characters of the job's name in the subject, as LAVA cuts it. */
const mostName = 200;
/** Test cases in one mail; the rest is behind its link. */
const mostCases = 2000;

/** A mail about a job: how long it is, its verbosity says. */
export async function composeMail(context: SendContext, facts: JobFacts, block: NotifyBlock): Promise<{ subject: string; text: string }> {
  const { site, instance } = context.settings;
  const finished = stateOf(facts) === 'Finished';
  const parts = [
    `Hello,\n\njob ${nameOf(facts)} of ${facts.submitter_username} on the LAVA instance "${instance}" is ${stateOf(facts)}${finished ? `: ${healthOf(facts)}` : ''}.\n${site}/scheduler/job/${facts.id}`,
  ];
  if (finished && block.verbosity !== 'status-only') {
    if (healthOf(facts) === 'Incomplete' && facts.error_type) parts.push(`${facts.error_type} error: ${facts.error_msg ?? ''}`);
    parts.push(deviceText(facts), jobText(facts));
    if (block.verbosity === 'verbose') {
      if (Object.keys(facts.metadata).length > 0) parts.push(`Metadata\n${indented(Object.entries(facts.metadata).map(([key, value]) => `${key}: ${plain(value)}`))}`);
      parts.push(await resultsText(context, facts, new Set(block.compare?.blacklist)));
      if (block.compare) parts.push(await comparisonText(context.services, facts, block.compare));
    }
  }
  return { subject: `LAVA notification for Test Job ${nameOf(facts)} ${onOneLine(facts.description).slice(0, mostName)}`.trim(), text: `${parts.join('\n\n')}\n\n-- \nLAVA, ${site}\n` };
}

const onOneLine = (text: string) => text.replace(/\s+/g, ' ');
const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');
const plain = (value: unknown) => (isMapping(value) || Array.isArray(value) ? dumpYaml(value).trimEnd().replaceAll('\n', ' ') : String(value));

function deviceText(facts: JobFacts): string {
  if (facts.actual_device === null) return 'It had no device.';
  return `Device\n${indented([`name: ${facts.actual_device}`, `type: ${facts.device_type ?? ''}`, `owner: ${facts.device_owner ?? 'none'}`, `worker: ${facts.worker ?? 'none'}`])}`;
}

function jobText(facts: JobFacts): string {
  const seconds = facts.start_time && facts.end_time ? (facts.end_time.getTime() - facts.start_time.getTime()) / 1000 : 0;
  return `Job\n${indented([
    `description: ${onOneLine(facts.description)}`, `priority: ${facts.priority}`, `submitted: ${timeText(facts.submit_time)}`, `started: ${timeText(facts.start_time)}`,
    `finished: ${timeText(facts.end_time)}`, `duration: ${formatDuration(seconds)}`,
  ])}`;
}

async function resultsText({ services }: SendContext, facts: JobFacts, left: ReadonlySet<string>): Promise<string> {
  const lines: string[] = [];
  let suite: string | undefined;
  let cases = 0;
  for await (const one of storedCases(services, facts.id, { bySuite: true, limit: mostCases })) {
    cases += 1;
    if (left.has(one.suite) || left.has(one.name)) continue;
    if (one.suite !== suite) lines.push(suite = one.suite);
    lines.push(`  ${one.name}: ${one.result}${one.measurement === null ? '' : ` (${Number(one.measurement)}${one.units ? ` ${one.units}` : ''})`}`);
  }
  if (cases === mostCases) lines.push(`… only the first ${mostCases} test cases are shown`);
  return `Results\n${lines.length === 0 ? '  none' : indented(lines)}`;
}
