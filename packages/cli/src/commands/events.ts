import { sleep } from '@lava/base';
import { CliError, exitStatus } from '../exit.ts';
import { safeText, style } from '../print/style.ts';
import { readServerSentEvents } from '../server-sent-events.ts';
import { connect, type GlobalOptions } from './context.ts';

interface EventsOptions extends GlobalOptions {
  readonly type?: string;
  readonly job?: string;
}

interface LavaEvent {
  readonly time: string;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

/** `lava events`: what happens on the server, until one has seen enough; a lost connection is taken up again. */
export async function events(options: EventsOptions): Promise<number> {
  const client = await connect(options);
  const query = new URLSearchParams();
  for (const key of ['type', 'job'] as const) if (options[key]) query.set(key, options[key]);
  let last: string | undefined;
  for (;;) {
    let why = 'the server ended it';
    try {
      for await (const event of readServerSentEvents(await client.stream(`/events?${query}`, last))) {
        last = event.id ?? last;
        if (event.type === 'open') {
          const { missed } = JSON.parse(event.data) as { missed: boolean };
          if (missed) process.stderr.write('lava: events were missed while there was no connection\n');
        } else process.stdout.write(options.json ? `${event.data}\n` : safeText(lineOf(event.type, JSON.parse(event.data) as LavaEvent)));
      }
    } catch (error) {
      // Whoever is refused, or never got through, need not wait.
      if (error instanceof CliError && (last === undefined || error.status !== exitStatus.server)) throw error;
      why = (error as Error).message;
    }
    process.stderr.write(`lava: connection lost (${why}), trying again\n`);
    await sleep(1000);
  }
}

/** One event for a reader. */
function lineOf(type: string, { time, data }: LavaEvent): string {
  const at = style('dim', time.slice(0, 19).replace('T', ' '));
  const on = (name: string) => (data[name] === undefined || data[name] === null ? '' : ` on ${data[name]}`);
  switch (type) {
    case 'testjob': return `${at} job ${data['sub_id'] ?? data['job']}: ${data['state']}${data['state'] === 'Finished' ? `, ${data['health']}` : ''}${on('device')} (${data['description']})\n`;
    case 'device': return `${at} device ${data['device']}: ${data['state']}, ${data['health']}${data['job'] === undefined ? '' : `, job ${data['job']}`}\n`;
    case 'worker': return `${at} worker ${data['hostname']}: ${data['state']}, ${data['health']}\n`;
    default: return `${at} job ${data['job']} says: ${data['message']}\n`;
  }
}
