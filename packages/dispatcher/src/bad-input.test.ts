import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { renderDevice } from '@lava/device';
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
const junk = [null, -1.5, true, 'ü('.repeat(3000), '', [null], [['x']], {}, { a: 1 }];

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

/** A program that the job or the device names is not on the worker: that is nobody's wrong type. */
const noSuchProgram = /^Cannot find command '/;

/** Puts every junk in every place of a text; what ended otherwise than with success or an error of whoever wrote it. */
async function misjudged(which: 'definition' | 'device', texts: { definition: unknown; device: unknown }, skip = /^$/): Promise<string[]> {
  const found: string[] = [];
  for (const path of places(texts[which])) {
    if (skip.test(path.join('.'))) continue;
    for (const value of junk) {
      const changed = { definition: dumpYaml(texts.definition), device: dumpYaml(texts.device), [which]: dumpYaml(replaced(texts[which], path, value)) };
      const { outcome, messages } = await board.run([], { ...changed, validateOnly: true, outputDir: undefined });
      const { result, errorType = '', errorMessage = '' } = outcome;
      if (result === 'pass' || errorType === 'Job' || errorType === 'Configuration' || noSuchProgram.test(errorMessage)) continue;
      found.push(`${path.join('.')} = ${JSON.stringify(value).slice(0, 40)}: ${errorType} ${errorMessage}\n${messages('exception').join('\n')}`);
    }
  }
  return found;
}

const device = loadYaml(board.deviceYaml);
test('in a job definition', async () => expect(await misjudged('definition', { definition: job, device })).toEqual([]));
test('in a device configuration', async () => expect(await misjudged('device', { definition: job, device })).toEqual([]));

describe('the demo', () => {
  const project = fileURLToPath(new URL('../../..', import.meta.url));
  const demo = {
    definition: loadYaml(readFileSync(join(project, 'demo/job.yaml'), 'utf8').replaceAll(/GUEST\/\S+/g, `file://${board.path('board.sh')}`)),
    // Any program will do: nothing is started but to ask for its version.
    device: loadYaml(renderDevice({
      name: 'qemu01', dictionary: readFileSync(join(project, 'demo/qemu.jinja2'), 'utf8'), lookup: [join(project, 'device-types')], context: { arch: 'amd64' },
    }).text.replaceAll('qemu-system-x86_64', '/bin/true')),
  };
  /** One of many that are alike is enough, and what other boot methods read. */
  const alike = /\.steps\.[2-9]|architectures\.[1-9]|constants\.(barebox|u-boot|grub|grub-efi|ipxe|depthcharge)\.|qemu-nfs\.|timeouts\.\w+\.[b-k]/;

  test('as it is', async () => {
    expect((await board.run([], { definition: dumpYaml(demo.definition), device: dumpYaml(demo.device), validateOnly: true, outputDir: undefined })).outcome.result).toBe('pass');
  });
  test('its job', async () => expect(await misjudged('definition', demo, alike)).toEqual([]));
  test('its device', async () => expect(await misjudged('device', demo, alike)).toEqual([]));

  test.each([
    [['timeouts', 'job', 'minutes'], {}, 'Job', "Invalid job data: [\"'timeouts.job.minutes' should be a number, not a mapping\"]\n"],
    [['actions', 1, 'boot', 'timeout', 'minutes'], 'soon', 'Job', "Invalid job data: [\"'actions.1.boot.timeout.minutes' should be a number, not 'soon'\"]\n"],
    [['actions', 0, 'deploy', 'namespace'], [1], 'Job', "Invalid job data: [\"'actions.0.deploy.namespace' should be a text, not a list\"]\n"],
    [['actions', 2, 'test', 'definitions', 0, 'repository', 'run', 'steps', 1], { echo: 'a' }, 'Job', "Invalid job data: [\"'actions.2.test.definitions.0.repository.run.steps.1' should be a text, not a mapping\"]\n"],
    [['actions', 1, 'boot', 'auto_login'], 'root', 'Job', "Invalid job data: [\"'auto_login' should be a dictionary\"]\n"],
  ] as const)('%j is named', async (path, value, errorType, errorMessage) => {
    const { outcome } = await board.run([], { definition: dumpYaml(replaced(demo.definition, path, value)), device: dumpYaml(demo.device), validateOnly: true, outputDir: undefined });
    expect(outcome).toMatchObject({ errorType, errorMessage });
  });

  test.each([
    [['timeouts', 'actions', 'power-off', 'seconds'], {}, "Invalid device configuration: 'timeouts.actions.power-off.seconds' should be a number, not a mapping"],
    [['actions', 'boot', 'methods', 'qemu', 'parameters', 'options', 0], { a: 1 }, "Invalid device configuration: 'actions.boot.methods.qemu.parameters.options.0' should be a text or a list of texts, not a mapping"],
    [['actions', 'boot', 'methods', 'qemu', 'parameters', 'command'], null, "The device configuration has no command for QEMU: 'actions.boot.methods.qemu.parameters.command'"],
  ])('%j of the device is named', async (path, value, errorMessage) => {
    const { outcome } = await board.run([], { definition: dumpYaml(demo.definition), device: dumpYaml(replaced(demo.device, path, value)), validateOnly: true, outputDir: undefined });
    expect(outcome).toMatchObject({ errorType: 'Configuration', errorMessage });
  });
});
