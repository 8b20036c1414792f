import { ConfigurationError, JobError } from '@lava/base';
import { isMapping, type Mapping, pythonRepr } from '@lava/job';

/**
 * What a value must look like: `text` and `number` are single values, `texts` is a text or lists of them, a list holds
 * values of its one shape, a mapping those of its keys (`*`: of every other key). Nothing at all always fits.
 */
type Shape = 'text' | 'number' | 'texts' | 'mapping' | readonly [Shape] | Inside | { readonly [key: string]: Shape };

/** Looks only into what has the right shape outside: an action has words of its own for all else. */
class Inside {
  readonly shape: Shape;
  constructor(shape: Shape) { this.shape = shape; }
}
const inside = (shape: Shape) => new Inside(shape);

const timeout: Shape = { days: 'number', hours: 'number', minutes: 'number', seconds: 'number' };
const timeouts: Shape = { '*': timeout };
const file: Shape = { url: 'text', image_arg: 'text', compression: 'text', archive: 'text', format: 'text', headers: { '*': 'text' }, partition: 'number',
  md5sum: 'text', sha256sum: 'text', sha512sum: 'text', overlays: inside({ '*': inside({ url: 'text', format: 'text', path: 'text', compression: 'text' }) }) };
const login: Shape = { login_prompt: 'text', username: 'text', password_prompt: 'text', password: 'text', login_commands: inside(['text']) };
const definition: Shape = { name: 'text', from: 'text', path: 'text', branch: 'text', revision: 'text', 'lava-signal': 'text', 'strip-components': 'number',
  expected: ['text'], parameters: 'mapping', params: 'mapping', repository: inside({ run: { steps: ['text'] }, install: 'mapping', metadata: 'mapping', parse: 'mapping' }) };
const block: Shape = {
  namespace: 'text', 'connection-namespace': 'text', timeout, timeouts, connection_timeout: timeout, failure_retry: 'number', failure_retry_interval: 'number', parameters: 'mapping',
  to: 'text', os: 'text', images: inside({ '*': inside(file) }), uefi: inside(file),
  method: 'text', media: 'text', prompts: inside('texts'), auto_login: inside(login), failure_message: 'text', soft_reboot: inside('texts'),
  transfer_overlay: inside({ transfer_method: 'text', download_command: 'text', unpack_command: 'text' }),
  definitions: inside([inside(definition)]), interactive: inside([inside({ name: 'text', prompts: inside('texts'), echo: 'text' })]),
  monitors: inside([inside({ name: 'text', start: 'text', end: 'text', pattern: 'text', fixupdict: 'mapping' })]),
};
const job: Shape = {
  timeouts: { job: timeout, action: timeout, connection: timeout, queue: timeout, actions: timeouts, connections: timeouts },
  context: 'mapping', secrets: 'mapping', protocols: 'mapping', environment: 'mapping', tags: ['text'],
  actions: inside([inside({ '*': inside(block) })]),
};
const emulator: Shape = { parameters: { command: 'text', options: 'texts', extra: 'texts' } };
const device: Shape = {
  hostname: 'text', devicetype: 'text', timeouts: { actions: timeouts, connections: timeouts }, character_delays: { '*': 'number' },
  constants: { 'kernel-start-message': 'text', 'shutdown-message': 'text', 'default-shell-prompt': 'text', spawn_maxread: 'number', failure_retry: 'number', boot_retry: 'number', posix: { '*': 'text' } },
  commands: { connect: 'text', connections: { '*': { connect: 'text', tags: ['text'] } }, users: 'mapping' },
  available_architectures: inside(['text']),
  actions: {
    deploy: { methods: inside({ image: { parameters: { guest: { size: 'number', interface: 'text', driveid: 'text' } } } }) },
    boot: { methods: inside({ qemu: emulator, 'qemu-nfs': emulator }) },
  },
};

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
const isSingle = (value: unknown) => !isMapping(value) && !isList(value);
const isNumber = (value: unknown) => typeof value === 'number' || (typeof value === 'string' && Number.isFinite(Number(value)));

function* problems(value: unknown, shape: Shape, path: string): Generator<string> {
  const should = (what: string) => `'${path}' should be ${what}, not ${describe(value)}`;
  if (value === undefined || value === null) return;
  if (shape instanceof Inside) {
    const fits = shape.shape === 'texts' || isListShape(shape.shape) ? isList(value) : isMapping(value);
    if (fits) yield* problems(value, shape.shape, path);
  } else if (shape === 'text') {
    if (!isSingle(value)) yield should('a text');
  } else if (shape === 'number') {
    if (!isNumber(value)) yield should('a number');
  } else if (shape === 'texts') {
    if (isList(value)) for (const [i, item] of value.entries()) yield* problems(item, 'texts', `${path}.${i}`);
    else if (!isSingle(value)) yield should('a text or a list of texts');
  } else if (isListShape(shape)) {
    if (!isList(value)) yield should('a list');
    else for (const [i, item] of value.entries()) yield* problems(item, shape[0], `${path}.${i}`);
  } else if (!isMapping(value)) {
    yield should('a mapping');
  } else if (shape !== 'mapping') {
    for (const [key, item] of Object.entries(value)) {
      const inner = Object.hasOwn(shape, key) ? shape[key] : shape['*'];
      if (inner !== undefined) yield* problems(item, inner, path === '' ? key : `${path}.${key}`);
    }
  }
}

const isListShape = (shape: Shape): shape is readonly [Shape] => Array.isArray(shape);
const describe = (value: unknown) => (isMapping(value) ? 'a mapping' : isList(value) ? 'a list' : typeof value === 'string' ? `'${value.slice(0, 40)}'` : pythonRepr(value));

/** @throws JobError that names every key of a job definition whose value cannot be what it should be */
export function checkJobShape(definition: Mapping): void {
  const found = [...problems(definition, job, '')];
  if (found.length > 0) throw new JobError(`Invalid job data: ${pythonRepr(found)}\n`, { code: 'invalid-job' });
}

/** @throws ConfigurationError that names the keys of a device configuration whose values cannot be what they should be */
export function checkDeviceShape(configuration: Mapping): void {
  const found = [...problems(configuration, device, '')];
  if (found.length > 0) throw new ConfigurationError(`Invalid device configuration: ${found.join('; ')}`, { code: 'device-configuration' });
}
