import { statusNumber, statusWord, timeText, type JobFacts } from './job-facts.ts';

/**
 * The address of a callback with what belongs into its places: `{ID}`, `{STATUS_STRING}` and other attributes of the job
 * by LAVA's names. A name that is none stays. Values are encoded, so that no text of a job can change where the URL leads.
 */
export function fillUrl(url: string, facts: JobFacts): string {
  const values: Readonly<Record<string, string | number | boolean | null>> = {
    id: facts.id, sub_id: facts.sub_id, target_group: facts.target_group, description: facts.description, status: statusNumber(facts), status_string: statusWord(facts),
    state: facts.state, health: facts.health, priority: facts.priority, is_public: facts.is_public, health_check: facts.health_check,
    submitter: facts.submitter_username, submitter_id: facts.submitter, requested_device_type: facts.requested_device_type, requested_device_type_id: facts.requested_device_type,
    actual_device: facts.actual_device, actual_device_id: facts.actual_device, failure_comment: facts.failure_comment,
    submit_time: timeText(facts.submit_time), start_time: timeText(facts.start_time), end_time: timeText(facts.end_time),
  };
  return url.replace(/\{\s*([A-Z_-]+)\s*\}/g, (place, name: string) => {
    const key = name.toLowerCase();
    return Object.hasOwn(values, key) ? encodeURIComponent(pythonText(values[key]!).toWellFormed()) : place;
  });
}

const pythonText = (value: string | number | boolean | null) => (value === null ? 'None' : value === true ? 'True' : value === false ? 'False' : String(value));
