import { Agent, request } from 'node:http';
import { BusyLab, benchJob } from './busy-lab.ts';

/** Submits jobs as the users of a bench lab do, over connections that are kept open. */
export class SubmitClient {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #lab: BusyLab;

  constructor(lab: BusyLab) {
    this.#lab = lab;
  }

  /** By `POST /api/v1/jobs`; the number of the job. */
  async byRest(user: number, deviceType: string): Promise<number> {
    const body = JSON.stringify({ definition: benchJob(deviceType) });
    const answer = await this.#post('/api/v1/jobs', { authorization: `Token ${BusyLab.token(user)}`, 'content-type': 'application/json' }, body);
    return (JSON.parse(answer) as { job_ids: number[] }).job_ids[0]!;
  }

  /** By `scheduler.submit_job`, as lavacli does. */
  async byXmlRpc(user: number, deviceType: string): Promise<number> {
    const definition = benchJob(deviceType).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    const body = `<?xml version="1.0"?><methodCall><methodName>scheduler.submit_job</methodName><params><param><value><string>${definition}</string></value></param></params></methodCall>`;
    const credentials = Buffer.from(`u${user}:${BusyLab.token(user)}`).toString('base64');
    const answer = await this.#post('/RPC2', { authorization: `Basic ${credentials}`, 'content-type': 'text/xml' }, body);
    const id = /<(?:int|i4)>(\d+)</.exec(answer)?.[1];
    if (id === undefined) throw new Error(`scheduler.submit_job answered ${answer}`);
    return Number(id);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string, headers: Record<string, string>, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = request(`${this.#lab.system.url}${path}`, { agent: this.#agent, method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => { text += part; });
        answer.on('error', reject).on('end', () => (answer.statusCode! < 300 ? resolve(text) : reject(new Error(`${path}: ${answer.statusCode} ${text}`))));
      });
      sent.on('error', reject).end(body);
    });
  }
}
