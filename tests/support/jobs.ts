import { join } from 'node:path';
import { guestImage, project, type GuestImage } from '@lava/testbed';

/** The guest image, built once for all tests and kept in the project's cache. */
export const guest = (): Promise<GuestImage> => guestImage(join(project, '.cache'));

export const qemuDictionary = `{% extends 'qemu.jinja2' %}
{% set mac_addr = '52:54:00:12:34:01' %}
{% set memory = 256 %}
{% set no_kvm = True %}
`;

/** A job that boots the guest from its ramdisk and runs the given steps as suite `0_steps`. */
export function ramdiskJob(image: GuestImage, steps: readonly string[], options: { name?: string; minutes?: number; append?: string } = {}): string {
  return JSON.stringify({
    job_name: options.name ?? 'test job',
    device_type: 'qemu',
    visibility: 'public',
    timeouts: { job: { minutes: options.minutes ?? 5 }, action: { minutes: 3 }, connection: { minutes: 1 } },
    context: { arch: 'amd64' },
    actions: [
      {
        deploy: {
          to: 'tmpfs',
          os: 'oe',
          images: {
            kernel: { image_arg: `-kernel {kernel} -append "console=ttyS0,115200 ${options.append ?? ''}"`, url: `file://${image.kernel}` },
            ramdisk: { image_arg: '-initrd {ramdisk}', url: `file://${image.ramdisk}`, compression: 'gz', format: 'cpio.newc', overlays: { lava: true } },
          },
        },
      },
      {
        boot: {
          method: 'qemu', media: 'tmpfs', timeout: { minutes: 2 }, prompts: ['root@guest:'],
          auto_login: { login_prompt: 'guest login:', username: 'root' },
        },
      },
      {
        test: {
          timeout: { minutes: options.minutes ?? 5 },
          definitions: [{
            name: 'steps', from: 'inline', path: 'steps.yaml',
            repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'steps', description: 'steps' }, run: { steps } },
          }],
        },
      },
    ],
  }, null, 1);
}

/** Shell that prints `count` numbered lines, `pause` seconds apart. */
export const numberedLines = (count: number, pause: number): string =>
  `n=0; while [ $n -lt ${count} ]; do n=$((n + 1)); echo "numbered line $n"; sleep ${pause}; done`;
