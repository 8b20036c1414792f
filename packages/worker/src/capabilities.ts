import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that some methods need and a worker may lack. What is missing is said when a job needs it. */
const optional = new Set([
  'adb', 'bmaptool', 'debugfs', 'dfu-util', 'docker', 'fastboot', 'git', 'ipmitool', 'lxc-create', 'mke2fs', 'nbd-server', 'rclone',
  'sispmctl', 'snmpset', 'ssh', 'tar', 'telnet', 'uuu', 'xz', 'zstd',
]);

/** What this worker can do beyond the minimum, by the programs in PATH: `debugfs`, `qemu-x86_64`, `tftp` … */
export function probeCapabilities(path = process.env['PATH'] ?? ''): string[] {
  const found = new Set<string>();
  for (const dir of new Set(path.split(delimiter).filter((d) => d !== '').concat('/usr/sbin', '/sbin'))) {
    let names: string[] = [];
    try { names = readdirSync(dir); } catch { continue; }
    for (const name of names) {
      const capability = name.startsWith('qemu-system-') ? name.replace('-system', '') : name === 'in.tftpd' ? 'tftp' : optional.has(name) ? name : undefined;
      if (capability === undefined || found.has(capability)) continue;
      try { accessSync(join(dir, name), constants.X_OK); found.add(capability); } catch { /* not for us */ }
    }
  }
  return [...found].sort();
}
