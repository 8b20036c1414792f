import { WebSocket } from 'ws';
import { sleep } from '@lava/base';
import type { LogRecord } from '@lava/job';
import type { Job } from './api-types.ts';
import type { Settings } from './settings.ts';

type Message =
  | { readonly type: 'log'; readonly job: number; readonly first: number; readonly records: readonly LogRecord[] }
  | { readonly type: 'job'; readonly job: Job }
  | { readonly type: 'error'; readonly message: string }
  | { readonly type: 'results' | 'actions' | 'changed' };

interface Follower {
  record(record: LogRecord, line: number): void;
  job(job: Job): void;
}

/**
 * Follows a job until it is finished and all its records have been seen; returns it then.
 * A lost connection is taken up again where it broke, for as long as it takes.
 */
export async function followJob(settings: Settings, id: number, from: number, follower: Follower): Promise<Job> {
  let next = from;
  let last: Job | undefined;
  const finished = () => last !== undefined && last.state === 'Finished' && next >= last.log_lines;

  while (true) {
    const error = await new Promise<Error | undefined>((resolve) => {
      const socket = new WebSocket(`${settings.url.replace(/^http/, 'ws')}/ws/live`, {
        headers: settings.token ? { authorization: `Token ${settings.token}` } : {},
      });
      let reason: Error | undefined;
      socket.on('open', () => socket.send(JSON.stringify({ watch: 'job', job: id, from: next })));
      socket.on('error', (e) => { reason = e; });
      socket.on('close', () => resolve(reason));
      socket.on('message', (data) => {
        const message = JSON.parse(String(data)) as Message;
        if (message.type === 'log') {
          for (const [i, record] of message.records.entries()) {
            if (message.first + i !== next) continue;
            follower.record(record, next++);
          }
        } else if (message.type === 'job') {
          last = message.job;
          follower.job(last);
        } else if (message.type === 'error') {
          reason = new Error(message.message);
          socket.close();
        }
        if (finished()) socket.close();
      });
    });
    if (finished()) return last!;
    if (error) process.stderr.write(`lava: connection lost (${error.message}), trying again\n`);
    await sleep(1000);
  }
}
