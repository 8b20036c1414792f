import type { FaultLab } from './fault-lab.ts';

/*
 * What the servers answer to somebody who may see a job and nothing else. Definitions are left out: the scripts
 * of these jobs say the secret themselves, so that their boards print it.
 */

/** Addresses of all that is told of a job. */
const pages = (job: number) => [
  `/api/v0.2/jobs/${job}/`, `/api/v0.2/jobs/?id=${job}`, `/api/v0.2/jobs/${job}/logs/`, `/api/v0.2/jobs/${job}/suites/`, `/api/v0.2/jobs/${job}/tests/`,
  `/api/v0.2/jobs/${job}/junit/`, `/api/v0.2/jobs/${job}/tap13/`, `/api/v0.2/jobs/${job}/csv/`, `/api/v0.2/jobs/${job}/yaml/`, `/api/v0.2/jobs/${job}/metadata/`,
  `/api/v1/jobs/${job}`, `/api/v1/jobs/${job}/log`, `/api/v1/jobs/${job}/log/search?q=hello`, `/api/v1/jobs/${job}/actions`, `/api/v1/jobs/${job}/results`, `/api/v1/jobs/${job}/notifications`, '/api/v1/jobs',
  `/scheduler/job/${job}/log_file/plain`, `/scheduler/job/${job}/log_pipeline_incremental`, `/scheduler/job/${job}/description`, `/scheduler/job/${job}/job_status`,
  `/results/${job}/csv`, `/results/${job}/yaml`, `/results/${job}/yaml_summary`, `/results/${job}/metadata`,
];

const methods = [
  'scheduler.job_details', 'scheduler.job_output', 'scheduler.job_health', 'scheduler.job_state', 'scheduler.jobs.show', 'scheduler.jobs.logs',
  'results.get_testjob_results_yaml', 'results.get_testjob_results_csv', 'results.get_testjob_suites_list_yaml', 'results.get_testjob_metadata',
];

/**
 * Answers about a job in which a text stands, by the address or the method.
 * @throws when one does not answer; all answer for a job that ran to its end
 */
export async function answersWith(lab: FaultLab, job: number, text: string): Promise<string[]> {
  const found: string[] = [];
  const look = (where: string, answer: string) => { if (readable(answer).includes(text)) found.push(where); };
  for (const path of pages(job)) look(path, await lab.text(path, 'watcher'));
  for (const method of methods) {
    const answer = await lab.text('/RPC2', 'watcher', `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params><param><value><string>${job}</string></value></param></params></methodCall>`);
    if (answer.includes('<fault>')) throw new Error(`${method}: ${answer}`);
    look(method, answer);
  }
  return found;
}

/** JSON and XML-RPC without the definitions, and with binary texts as they are read. */
export function readable(answer: string): string {
  return answer.replaceAll(/<base64>([^<]*)<\/base64>/g, (_, encoded: string) => Buffer.from(encoded, 'base64').toString('utf8')).replaceAll(/"(?:original_|multinode_)?definition":"(?:[^"\\]|\\.)*"/g, '')
    .replaceAll(/<name>(?:original_|multinode_)?definition<\/name>\s*<value>.*?<\/value>/gs, '');
}
