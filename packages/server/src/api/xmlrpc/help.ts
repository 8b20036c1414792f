import { pythonRepr } from '@lava/job';
import type { Method } from './method.ts';

/** `start=0`, or `job_id` for what must be given. */
const shownParam = ([name, { fallback }]: [string, Method['params'][string]]) => (fallback ? `${name}=${pythonRepr(fallback.value)}` : name);

const section = (title: string, text: string) => `${title}\n${'-'.repeat(title.length)}\n${text}\n`;

/** What `system.methodHelp` says, in the sections that LAVA's help texts have. */
export function helpText({ name, params, about, returns, rule }: Method): string {
  const all = Object.entries(params);
  return [
    section('Name', `\`${name}\` (${all.map((p) => `\`${shownParam(p)}\``).join(', ')})`),
    section('Description', `${about}\nFor ${rule}.`),
    section('Arguments', all.length === 0 ? 'None' : all.map(([param, { type, about }]) => `\`${param}\`: ${type}\n  ${about}`).join('\n')),
    section('Return value', returns),
  ].join('\n');
}
