import { boardPrompt } from './numbered-board.ts';
import type { JobPlan } from './plan.ts';

/** Definition of a planned job; one with Infinity lines counts until its board is told that it is enough. Its secret is typed to the board, which prints it: it must be hidden everywhere. */
export function numberedJob(name: string, secret: string, { members, lines, pause, type, priority, retries = 0 }: Omit<JobPlan, 'at'>): string {
  const role = members > 1 ? { role: ['leader', 'other'] } : {};
  const device = members > 1
    ? { protocols: { 'lava-multinode': { roles: {
      leader: { device_type: type, count: 1, essential: true }, other: { device_type: type, count: members - 1, essential: true },
    } } } }
    : { device_type: type };
  const counting = lines.map((count, n) => ({ name: `count-${n + 1}`, command: `count ${count === Infinity ? 'on' : count} ${pause}` }));
  return JSON.stringify({
    job_name: name, visibility: 'public', priority, ...device,
    timeouts: { job: { minutes: 5 }, action: { minutes: 4 }, connection: { minutes: 4 }, actions: { 'power-off': { seconds: 20 } } },
    secrets: { TOKEN: secret },
    ...(retries > 0 && { retry: { count: retries } }),
    actions: [
      { boot: { ...role, method: 'minimal', prompts: [boardPrompt], auto_login: { login_prompt: 'board login:', username: 'root' } } },
      { test: { ...role, interactive: [{
        name: 'numbered', prompts: [boardPrompt],
        script: [{ command: `hello ${secret}`, name: 'hello' }, ...(members > 1 ? [{ 'lava-sync': 'begun' }] : []), ...counting],
      }] } },
    ],
  }, null, 1);
}
