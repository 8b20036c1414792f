import { afterAll, expect, test } from 'vitest';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { FakeBoard, friendlyBoard, login } from './testing/fake-board.ts';

// Whatever a user or an admin writes where something else is expected: the job ends with an error that is theirs, never as a bug.

const board = new FakeBoard(friendlyBoard, { device: {
  character_delays: { boot: 1 }, available_architectures: ['amd64'],
  actions: {
    deploy: { methods: { image: { parameters: { guest: { size: 8, interface: 'virtio' } } } } },
    boot: { connections: { serial: null }, methods: { minimal: null, qemu: { parameters: { command: 'true', options: ['-m 256'], extra: [] } } } },
  },
}, commands: { users: { relay: { do: 'true', undo: ['true'] } } } });
afterAll(() => board.remove());

const job = {
  job_name: 'x', timeouts: { job: { minutes: 1 }, action: { seconds: 30 }, actions: { 'login-action': { seconds: 5 } }, connections: { 'read-feedback': { seconds: 1 } } },
  context: { arch: 'amd64' }, secrets: { A: 'hunter2' }, protocols: { x: { y: 1 } }, tags: ['a'], environment: { A: 1 },
  actions: [
    { deploy: { to: 'tmpfs', os: 'oe', timeout: { minutes: 1 }, images: { file: { url: `file://${board.path('board.sh')}`, image_arg: '-x {file}', compression: null, overlays: { lava: true }, format: 'cpio.newc' } } } },
    { boot: { ...login, failure_retry: 1, failure_retry_interval: 0, timeouts: { 'login-action': { seconds: 5 } }, parameters: { 'kernel-start-message': 'Linux' }, failure_message: 'x', transfer_overlay: { download_command: 'wget', unpack_command: 'tar' } } },
    { boot: { method: 'qemu', media: 'tmpfs', prompts: ['#'] } },
    { test: { definitions: [{ from: 'inline', name: 'n', path: 'x.yaml', repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'x' }, run: { steps: ['true'] } } }] } },
    { command: { name: 'relay' } },
  ],
};
// Mappings in place of single values are refused before a job gets here, in blocks that others check.
const checkedElsewhere = /timeouts?\b|deploy|test|guest/;
const junk = [null, -1.5, true, 'ü(', '', [null], {}];

function* places(value: unknown, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) for (const [i, v] of value.entries()) yield* places(v, [...path, i]);
  else if (typeof value === 'object' && value !== null) for (const [k, v] of Object.entries(value)) yield* places(v, [...path, k]);
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((v, i) => (i === key ? replaced(v, rest, by) : v));
  return { ...(value as object), [key]: replaced((value as Record<string | number, unknown>)[key], rest, by) };
}

async function bugs(which: 'definition' | 'device', original: unknown): Promise<string[]> {
  const found: string[] = [];
  for (const path of places(original)) {
    for (const value of junk) {
      if (checkedElsewhere.test(path.join(' ')) && typeof value === 'object' && value !== null && !Array.isArray(value)) continue;
      const { outcome, messages } = await board.run([], { definition: dumpYaml(job), [which]: dumpYaml(replaced(original, path, value)), validateOnly: true, outputDir: undefined });
      if (outcome.errorType === 'Bug') found.push(`${path.join('.')} = ${JSON.stringify(value)}: ${outcome.errorMessage}\n${messages('exception').join('\n')}`);
    }
  }
  return found;
}

test('in a job definition', async () => expect(await bugs('definition', job)).toEqual([]));
test('in a device configuration', async () => expect(await bugs('device', loadYaml(board.deviceYaml))).toEqual([]));
