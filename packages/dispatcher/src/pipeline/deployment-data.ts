/** What the `os` of a deploy block says about the system on the device. Undefined: the device's constant counts. */
export interface DeploymentData {
  /** Folder of helper scripts for the distribution. */
  readonly distro: string;
  readonly lava_test_sh_cmd: string;
  /** Where the overlay lies on the device; `%s` stands for the job's id. */
  readonly lava_test_results_dir: string;
  /** File that login shells read; device environments are appended to it. */
  readonly lava_test_shell_file?: string;
  readonly tar_flags: string;
  readonly line_separator: string;
}

const noTimestamps = '--warning no-timestamp';

const linux = (distro: string, shell: '/bin/sh' | '/bin/bash', tarFlags = noTimestamps): DeploymentData => ({
  distro, lava_test_sh_cmd: shell, lava_test_results_dir: '/lava-%s', lava_test_shell_file: '~/.bashrc', tar_flags: tarFlags, line_separator: '\n',
});

const table: Readonly<Record<string, DeploymentData>> = {
  android: { distro: 'android', lava_test_sh_cmd: '/system/bin/sh', lava_test_results_dir: '/data/local/tmp/lava-%s', tar_flags: '', line_separator: '\n' },
  apertis: { ...linux('apertis', '/bin/sh'), lava_test_results_dir: '/var/lib/lava-%s' },
  archlinux: linux('archlinux', '/bin/bash'),
  centos: linux('centos', '/bin/bash'),
  centos_installer: linux('centos', '/bin/bash'),
  debian: linux('debian', '/bin/bash'),
  debian_installer: linux('debian', '/bin/bash'),
  fedora: linux('fedora', '/bin/bash'),
  lede: { distro: 'lede', lava_test_sh_cmd: '/bin/sh', lava_test_results_dir: '/tmp/lava-results-%s', tar_flags: '', line_separator: '\n' },
  oe: linux('oe', '/bin/sh', ''),
  qnx: linux('qnx', '/bin/sh'),
  slackware: linux('slackware', '/bin/bash'),
  ubuntu: linux('ubuntu', '/bin/sh'),
};

/** Deployment data of an `os`; undefined for one that is not known, which leaves everything to the device's constants. */
export function deploymentData(os: unknown): DeploymentData | undefined {
  return typeof os === 'string' && Object.hasOwn(table, os) ? table[os] : undefined;
}
