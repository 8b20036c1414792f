import { healthOf, nameOf, stateOf, type JobFacts } from './job-facts.ts';
import type { NotifySettings } from './settings.ts';

/** What is told on IRC: one line. */
export function ircLine({ site }: NotifySettings, facts: JobFacts): string {
  const health = stateOf(facts) === 'Finished' ? `, ${healthOf(facts)}` : '';
  return `Test job ${nameOf(facts)} (${facts.description}) of ${facts.submitter_username}: ${stateOf(facts)}${health} - ${site}/scheduler/job/${facts.id}`;
}
