import { isMapping, mappingAt, readablePath, type Mapping } from '@lava/job';

/** Something wrong in a device configuration. */
export interface ConfigurationProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** What a value must be; unknown keys are allowed everywhere. */
type Shape =
  | 'any' | 'text' | 'integer' | 'boolean' | 'mapping' | 'null' | 'command' | 'usb-id'
  | { readonly list: Shape }
  | { readonly each: Shape }
  | { readonly keys: Readonly<Record<string, Shape>>; readonly required?: readonly string[]; readonly orNull?: boolean };

const timeouts: Shape = { each: { keys: { days: 'integer', hours: 'integer', minutes: 'integer', seconds: 'integer', skip: 'boolean' } } };
const anythingOrNull = { keys: {}, orNull: true } as const satisfies Shape;
const addresses: Shape = { keys: { kernel: 'text', ramdisk: 'text', dtb: 'text' } };

const parameters: Shape = {
  keys: {
    allow_test_services: 'boolean',
    interfaces: 'mapping',
    media: { keys: { sata: 'mapping', sd: 'mapping', usb: 'mapping' } },
    image: addresses, booti: addresses, uimage: addresses, bootm: addresses, zimage: addresses, bootz: addresses,
    dtb_base_resize: 'integer', load_address: 'text', text_offset: 'text', pass: 'null',
  },
};

const configuration: Shape = {
  required: ['constants', 'parameters', 'actions', 'timeouts'],
  keys: {
    character_delays: { each: 'integer' },
    constants: 'mapping',
    commands: {
      keys: {
        connect: 'text',
        connections: { each: { keys: { connect: 'text', tags: { list: 'text' } }, required: ['connect'] } },
        hard_reset: 'command', soft_reboot: 'command', power_off: 'command', power_on: 'command',
        pre_power_command: 'command', pre_os_command: 'command',
        users: { each: { keys: { do: 'command', undo: 'command' }, required: ['do'] } },
      },
    },
    adb_serial_number: 'text', fastboot_serial_number: 'text', fastboot_options: { list: 'text' }, fastboot_via_uboot: 'boolean',
    device_info: { list: 'mapping' }, static_info: { list: 'mapping' }, storage_info: { list: 'mapping' },
    environment: 'mapping', flash_cmds_order: { list: 'text' }, board_id: 'text',
    usb_vendor_id: 'usb-id', usb_product_id: 'usb-id', usb_sleep: 'integer', usb_filesystem_label: 'text', usb_serial_driver: 'text',
    available_architectures: { list: 'text' },
    actions: {
      required: ['deploy', 'boot'],
      keys: {
        deploy: { required: ['methods'], keys: { methods: anythingOrNull, connections: anythingOrNull, parameters: 'mapping' } },
        boot: { required: ['connections', 'methods'], keys: { connections: anythingOrNull, methods: anythingOrNull } },
        test: { keys: { methods: { orNull: true, keys: { docker: { orNull: true, keys: { global_options: { list: 'any' }, options: { list: 'any' } } } } } } },
      },
    },
    parameters,
    timeouts: { required: ['actions', 'connections'], keys: { actions: timeouts, connections: timeouts } },
  },
};

/** Checks a device configuration. Empty: it is fine. */
export function checkConfiguration(value: Mapping): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  check(value, configuration, [], problems);
  const host = mappingAt(value, 'actions', 'deploy', 'methods', 'ssh')?.['host'];
  const power = mappingAt(value, 'commands');
  if (host && power && ['power_off', 'power_on', 'hard_reset'].some((name) => name in power)) {
    problems.push({ path: ['commands'], message: 'When primary connection is used, power control commands (power_off, power_on, hard_reset) should not be specified.', hint: 'unset ssh_host, or the power commands' });
  }
  return problems;
}

function check(value: unknown, shape: Shape, path: readonly (string | number)[], problems: ConfigurationProblem[]): void {
  const wrong = (wanted: string) => {
    // "off", "no" and numbers are no texts in YAML unless they are quoted.
    const hint = /^a (text|command)/.test(wanted) && ['boolean', 'number'].includes(typeof value) ? 'put quotes around it inside the variable: "\'off\'"' : undefined;
    problems.push({ path, message: `${readablePath(path)} must be ${wanted}, not ${shown(value)}`, ...(hint && { hint }) });
  };
  const inside = (part: string | number, item: unknown, inner: Shape) => check(item, inner, [...path, part], problems);
  if (typeof shape === 'string') {
    const wanted = mismatch(value, shape);
    if (wanted) wrong(wanted);
  } else if ('list' in shape) {
    if (!Array.isArray(value)) return wrong('a list');
    for (const [i, item] of value.entries()) inside(i, item, shape.list);
  } else if ('each' in shape) {
    if (!isMapping(value)) return wrong('a mapping');
    for (const [key, item] of Object.entries(value)) inside(key, item, shape.each);
  } else {
    if (value === null && shape.orNull) return;
    if (!isMapping(value)) return wrong(shape.orNull ? 'a mapping or empty' : 'a mapping');
    for (const key of shape.required ?? []) {
      if (!(key in value)) problems.push({ path, message: `${readablePath([...path, key])} is missing`, hint: path.length ? 'the device type must give it' : 'does the dictionary extend a device type?' });
    }
    for (const [key, inner] of Object.entries(shape.keys)) if (key in value) inside(key, value[key], inner);
  }
}

/** What was wanted, if the value is something else. */
function mismatch(value: unknown, shape: Extract<Shape, string>): string | undefined {
  const isText = typeof value === 'string';
  switch (shape) {
    case 'any': return undefined;
    case 'text': return isText ? undefined : 'a text';
    case 'integer': return Number.isInteger(value) || typeof value === 'bigint' ? undefined : 'a whole number';
    case 'boolean': return typeof value === 'boolean' ? undefined : 'true or false';
    case 'mapping': return isMapping(value) ? undefined : 'a mapping';
    case 'null': return value === null ? undefined : 'empty';
    case 'command': return isText || (Array.isArray(value) && value.every((item) => typeof item === 'string')) ? undefined : 'a command, or a list of commands';
    case 'usb-id': return isText && value.length === 4 ? undefined : 'a text of four characters (quote it)';
    default: return shape satisfies never;
  }
}

function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value);
}
