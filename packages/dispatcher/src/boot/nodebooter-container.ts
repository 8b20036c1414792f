import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { InfrastructureError, JobError, messageOf, sleep } from '@lava/base';
import { mappingAt } from '@lava/job';
import { checkDocker, containerImage, prepareImage } from '../containers/image.ts';
import { deviceDockerOptions, noteContainer, removeContainer } from '../containers/run-container.ts';
import { imageFiles } from '../flash/image-files.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';

/** There is one on a worker: it owns the network of the machines. */
const container = 'nodebooter';
const defaultHome = '/data/nodebooter';
const defaultUrl = 'http://localhost:12901/nodebooter/api/v2/machines/';
/** Folders of its home, and where the container has them. */
const volumes: Readonly<Record<string, string>> = {
  docker_mount: '/home/shared', tftpboot: '/var/lib/tftpboot', 'dhcpd/etc/dhcp': '/etc/dhcp', 'dhcpd/var/lib/dhcp': '/var/lib/dhcp', 'dhcpd/var/db': '/var/db',
  logs: '/var/log', docker_shm: '/dev/shm', ovss: '/opt/ovss', custom_configs: '/home/custom_configs',
};
/** The addresses that it knows. */
const addresses = { IPV4_ADDR: '192.168.1.1/24', IPV6_ADDR: '2001:db8:1::/56' };
const nics = [0, 1, 2, 3];
const services = ['setup_networks', 'naas', 'nodebooter'];
const pollMs = 1000;

const environmentOf = (a: Action) => mappingAt(a.job.device, 'environment') ?? {};
const global = (a: Action) => deviceDockerOptions(a.job.device).global;
/** Where the container has a file of the job. */
const downloads = (a: Action) => `/home/lava/downloads/${a.job.id}`;
const inContainer = (a: Action, file: string) => join(downloads(a), relative(a.job.scratch, file));

export function runNodebooter(): ActionSpec {
  let started = false;
  return {
    name: 'run-nodebooter-container',
    summary: 'run nodebooter container',
    description: 'run nodebooter in a container',
    timeoutError: 'Infrastructure',
    async validate(a) {
      if (a.parameters['docker'] === undefined) throw new JobError("The boot method nodebooter needs 'docker' with the image of nodebooter", { code: 'container-image' });
      containerImage(a.parameters['docker'], 'image');
      if (!mappingAt(a.job.device, 'environment')) a.error("The device configuration has no 'environment'");
      for (const key of ['DUT_MAC', 'DUT_IFACE']) if (environmentOf(a)[key] === undefined) a.error(`${key} is not in the 'environment' of the device configuration`);
      await checkDocker(a, global(a));
    },
    async run(a) {
      const home = asText(a.job.dispatcher['nodebooter_home'] ?? defaultHome);
      for (const folder of Object.keys(volumes)) await mkdir(join(home, folder), { recursive: true });
      const settings = { DUT_IFACE: asText(environmentOf(a)['DUT_IFACE']), ...addresses };
      await writeFile(join(home, 'custom_configs/config'), Object.entries(settings).map(([key, value]) => `${key}=${value}\n`).join(''));
      const image = containerImage(a.parameters['docker'], 'image');
      await prepareImage(a, image, global(a));
      await noteContainer(a.job, container, global(a));
      started = true;
      const mounts = [...Object.entries(volumes).map(([folder, place]) => [join(home, folder), place]), [a.job.scratch, downloads(a)], ['/sys/fs/cgroup', '/sys/fs/cgroup']];
      await a.exec([
        'docker', ...global(a), 'run', ...mounts.map(([from, place]) => `--volume=${from}:${place}`), '--privileged', '--rm', '-it', '-d', '--network=host', `--name=${container}`, image.name, '/usr/sbin/init',
      ], { error: 'Infrastructure', errorMessage: `Unable to start a container of '${image.name}'`, code: 'container-start' });
    },
    async cleanup(a) {
      if (started) await removeContainer(a, container, global(a));
      started = false;
    },
  };
}

export const configureNodebooter: ActionSpec = {
  name: 'configure-nodebooter',
  summary: 'configure nodebooter',
  description: 'tell nodebooter of the machine and its images',
  timeoutError: 'Infrastructure',
  validate(a) {
    const images = mappingAt(a.parameters, 'images') ?? {};
    for (const n of nics) if (images[`nic${n}`] !== undefined && environmentOf(a)[`NIC${n}_MAC`] === undefined) a.error(`NIC${n}_MAC is not in the 'environment' of the device configuration, and the job has an image for that card`);
  },
  async run(a) {
    for (const service of services) await a.exec(['docker', ...global(a), 'exec', '-d', container, 'systemctl', 'restart', service], { allowFail: true });
    const url = asText(a.job.dispatcher['nodebooter_url'] ?? defaultUrl);
    const machine = machineOf(a);
    a.log.debug(`Waiting for nodebooter at ${url}`);
    while (!(await answers(a, url))) await sleep(pollMs, a.signal);
    let status: number;
    try {
      ({ status } = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(machine), signal: a.signal }));
    } catch (error) {
      if (a.signal.aborted) throw a.signal.reason;
      throw new InfrastructureError(`Nodebooter cannot be told of the machine: ${messageOf(error)}`, { code: 'nodebooter-api', cause: error });
    }
    a.log.info(`Nodebooter answered with status ${status}`);
    if (status >= 400) throw new InfrastructureError(`Nodebooter did not take the machine: status ${status}`, { code: 'nodebooter-api' });
  },
};

async function answers(a: Action, url: string): Promise<boolean> {
  try {
    const { status } = await fetch(url, { redirect: 'manual', signal: a.signal });
    return status === 200 || status === 302;
  } catch {
    if (a.signal.aborted) throw a.signal.reason;
    return false;
  }
}

/** The machine as nodebooter's interface takes it: the host, and a node for each of its network cards that has an image. */
function machineOf(a: Action): object {
  const files = imageFiles(a);
  const boot = files.get('boot')?.file;
  if (boot === undefined) throw new JobError("nodebooter needs an image with the key 'boot' in the deploy block", { code: 'flash-image-missing' });
  const environment = environmentOf(a);
  const node = (mac: unknown, more: object) => ({ network_interfaces: { network_interface: [{ device_name: 'eth1', hostname: '', ...more, mac_address: asText(mac), use_for_netboot: true }] } });
  const cards = nics.flatMap((n) => {
    const file = files.get(`nic${n}`)?.file;
    return file === undefined ? [] : [{ name: `nic_control_node${n}`, file, entity: node(environment[`NIC${n}_MAC`], { ipv6_low64: '1729382256910270464', ipv6_subnet_key: `nic${n}` }) }];
  });
  const host = { name: 'host-compute-node', file: boot, entity: node(environment['DUT_MAC'], { ipv6_subnet_key: '' }) };
  const nodes = [host, ...cards];
  return {
    machine_name: 'dut',
    machine_model_data: { node_entities: { entities: Object.fromEntries(nodes.map(({ name, entity }) => [name, entity])) } },
    boot_info: nodes.map(({ name, file }) => ({ node_entity_name: name, boot_file: inContainer(a, file), loader_file: '' })),
  };
}
