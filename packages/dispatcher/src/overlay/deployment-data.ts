/** What differs between the systems that run on devices: chosen by `os` of a deploy block. */
export interface DeploymentData {
  /** Folder of helper scripts that replace the generic ones, and the suffix of `deps-<distro>`. */
  readonly distro?: string;
  /** Interpreter of the helper scripts. */
  readonly lava_test_sh_cmd?: string;
  /** Where the overlay lies on the device; `%s` is the job's id. */
  readonly lava_test_results_dir?: string;
  /** File that gets the exported variables; null where there is none. */
  readonly lava_test_shell_file?: string | null;
  readonly line_separator?: string;
  /** Options for tar when it unpacks the overlay on the device. */
  readonly tar_flags?: string;
}

function posix(distro: string, shell: string, others: Partial<DeploymentData> = {}): DeploymentData {
  return {
    distro,
    lava_test_sh_cmd: shell,
    lava_test_results_dir: '/lava-%s',
    lava_test_shell_file: '~/.bashrc',
    line_separator: '\n',
    tar_flags: '--warning no-timestamp',
    ...others,
  };
}

const table: Readonly<Record<string, DeploymentData>> = {
  android: posix('android', '/system/bin/sh', { lava_test_results_dir: '/data/local/tmp/lava-%s', lava_test_shell_file: null, tar_flags: '' }),
  apertis: posix('apertis', '/bin/sh', { lava_test_results_dir: '/var/lib/lava-%s' }),
  archlinux: posix('archlinux', '/bin/bash'),
  centos: posix('centos', '/bin/bash'),
  centos_installer: posix('centos', '/bin/bash'),
  debian: posix('debian', '/bin/bash'),
  debian_installer: posix('debian', '/bin/bash'),
  fedora: posix('fedora', '/bin/bash'),
  lede: posix('lede', '/bin/sh', { lava_test_results_dir: '/tmp/lava-results-%s', lava_test_shell_file: null, tar_flags: '' }),
  oe: posix('oe', '/bin/sh', { tar_flags: '' }),
  qnx: posix('qnx', '/bin/sh'),
  slackware: posix('slackware', '/bin/bash'),
  ubuntu: posix('ubuntu', '/bin/sh'),
};

/** Data of an `os`; an unknown or missing one has none, and the device's constants apply. */
export function deploymentData(os: unknown): DeploymentData {
  return (typeof os === 'string' && Object.hasOwn(table, os) ? table[os] : undefined) ?? {};
}

/** Folder of our helper scripts for a distro; related ones share. */
export function scriptFolder(distro: string | undefined): string | undefined {
  switch (distro) {
    case 'debian': case 'ubuntu': case 'apertis': return 'debian';
    case 'fedora': case 'centos': return 'fedora';
    case 'oe': case 'archlinux': case 'slackware': return distro;
    default: return undefined;
  }
}
