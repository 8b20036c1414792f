import { closeSync, existsSync, openSync } from 'node:fs';

const advice = "Set 'no_kvm' to True in the device dictionary, or let the user that lava-run runs as open /dev/kvm.";

/** Do these options of QEMU leave it no other accelerator than KVM? */
function needsKvm(options: readonly string[]): boolean {
  if (options.some((word) => /^--?enable-kvm$/.test(word))) return true;
  const accelerators = options.flatMap((word, i) => {
    const before = options[i - 1] ?? '';
    if (/^--?accel$/.test(before)) return [word.replace(/,.*/, '')];
    return /^--?(machine|M)$/.test(before) ? /(?:^|,)accel=([^,]*)/.exec(word)?.[1]?.split(':') ?? [] : [];
  });
  return accelerators.length > 0 && accelerators.every((name) => name === 'kvm');
}

/** Why QEMU with these options cannot work on this worker for want of KVM; undefined when it can, or needs none. */
export function kvmProblem(options: readonly string[], device = '/dev/kvm', module = '/sys/class/misc/kvm'): string | undefined {
  if (!needsKvm(options)) return undefined;
  if (!existsSync(module)) return `Device configuration contains -enable-kvm option but kvm module is not enabled. ${advice}`;
  try {
    closeSync(openSync(device, 'r+'));
    return undefined;
  } catch (error) {
    return `Device configuration contains -enable-kvm option but ${device} cannot be opened (${(error as NodeJS.ErrnoException).code ?? String(error)}). ${advice}`;
  }
}
