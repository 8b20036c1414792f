import { existsSync, writeFileSync } from 'node:fs';
import { isMapping } from '@lava/job';
import { FakeTools, MockUsb } from '@lava/testbed';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { vi } from 'vitest';
import { FakeBoard, type BoardRun } from './fake-board.ts';

type Yaml = Readonly<Record<string, unknown>>;

interface FlashBoardOptions {
  /** Deploy and boot methods of the device. */
  readonly deploy?: Yaml;
  readonly boot?: Yaml;
  /** Further keys of the device configuration, and of its `commands`. */
  readonly device?: Yaml;
  readonly commands?: Yaml;
  readonly constants?: Yaml;
  /** Programs that are played. */
  readonly tools?: readonly string[];
}

/** A board that is written by programs of the worker: its console is a script, and the programs write down their words. */
export class FlashBoard extends FakeBoard {
  readonly tools: FakeTools;

  constructor(script: string, { deploy = {}, boot = {}, device = {}, commands = {}, constants = {}, tools = [] }: FlashBoardOptions) {
    super(script, { commands, device: {
      board_id: 'B0A2D', usb_vendor_id: '0d28', usb_product_id: '0204',
      constants: {
        failure_retry: 1, boot_retry: null, 'kernel-start-message': 'Linux version [0-9]', 'default-shell-prompt': '# ', 'shutdown-message': 'reboot', spawn_maxread: '4092',
        posix: { lava_test_results_dir: '/lava-%s', lava_test_sh_cmd: '/bin/sh', lava_test_shell_file: '~/.bashrc' }, ...constants,
      },
      actions: {
        deploy: { methods: { image: { parameters: { guest: { size: 4 } } }, ...deploy }, connections: { serial: null, fastboot: null } },
        boot: { connections: { serial: null }, methods: { minimal: null, ...boot } },
      },
      ...device,
    } });
    this.tools = new FakeTools(...tools);
    vi.stubEnv('PATH', this.tools.path);
  }

  /** Gives the console another script. */
  rewrite(script: string): void {
    writeFileSync(this.path('board.sh'), script);
  }

  /** A file with its name as content. @returns its url block */
  file(name: string, more: Yaml = {}, content: string | Uint8Array = `${name}\n`): Yaml {
    writeFileSync(this.path(name), content);
    return { url: `file://${this.path(name)}`, ...more };
  }

  /** The block that fetches a program for a debugger. */
  program(name: string, more: Yaml = {}): Yaml {
    return { deploy: { to: 'tmpfs', images: { zephyr: this.file(name, more) } } };
  }

  /** The same with its console as a program that can be told to hang up. */
  override get deviceYaml(): string {
    const device = loadYaml(super.deviceYaml);
    if (!isMapping(device) || !isMapping(device['commands'])) return super.deviceYaml;
    const { connect, ...commands } = device['commands'];
    return dumpYaml({ ...device, commands: { ...commands, connections: { uart0: { connect, tags: ['primary', 'shell'] } } } });
  }

  get isOff(): boolean {
    return existsSync(this.path('off'));
  }

  override remove(): void {
    vi.unstubAllEnvs();
    this.tools.remove();
    super.remove();
  }
}

/** Names of the actions that a job has run, in their order. */
export function actionsOf(run: BoardRun): string[] {
  return run.messages('debug', 'info').flatMap((line) => /^start: [1-9][\d.]* (\S+) /.exec(line)?.[1] ?? []);
}

/** Makes the programs of jobs see a bus that is not there. */
export function stubUsb(bus: MockUsb): void {
  for (const [name, value] of Object.entries(bus.environment)) vi.stubEnv(name, value);
}

let ports = 0;

/** A board's debugger with its serial port, as udev describes it. */
export function debuggerOnUsb({ serial = 'B0A2D', vendor = '0d28', product = '0204', name = '' } = {}): string {
  ports += 1;
  const path = `/devices/pci0000:00/0000:00:16.0/usb2/2-${ports}`;
  const ids = `E: ID_SERIAL_SHORT=${serial}\nE: ID_VENDOR_ID=${vendor}\nE: ID_MODEL_ID=${product}\n`;
  return `P: ${path}
N: bus/usb/002/0${ports}
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
E: DEVNAME=/dev/bus/usb/002/0${ports}
E: ID_PRODUCT=${name}
${ids}
P: ${path}/2-${ports}:1.1/tty/ttyACM9${ports}
N: ttyACM9${ports}
E: SUBSYSTEM=tty
E: DEVNAME=/dev/ttyACM9${ports}
E: ID_USB_DRIVER=cdc_acm
${ids}`;
}

/** A partition that a board shows. */
export function driveOnUsb({ label = '', id = '', path = '' }): string {
  ports += 1;
  return `P: /devices/pci0000:00/0000:00:17.0/block/sdy/sdy${ports}
N: sdy${ports}
E: SUBSYSTEM=block
E: DEVTYPE=partition
E: DEVNAME=${path === '' ? `/dev/sdy${ports}` : path}
E: DEVLINKS=/dev/disk/by-id/${id}
E: ID_FS_LABEL=${label}
E: ID_FS_VERSION=FAT16
`;
}
