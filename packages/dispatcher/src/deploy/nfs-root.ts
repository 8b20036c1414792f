import { join } from 'node:path';
import { LavaBug } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { resolveInRoot } from '../overlay/copy-into-root.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { downloadedFiles, dynamicData, nfsRoot } from '../pipeline/namespace-data.ts';

/** The url block of the root file system: boards have it in the block itself, emulators among `images`. */
function rootfsBlock(a: Action): Mapping | undefined {
  return mappingAt(a.parameters, 'nfsrootfs') ?? mappingAt(a.parameters, 'images', 'nfsrootfs');
}

/** Unpacks the archive of a root file system into a folder of the worker that devices mount over NFS. */
export const extractNfsRootfs: ActionSpec = {
  name: 'extract-nfsrootfs',
  summary: 'unpack nfsrootfs, ready to apply lava overlay',
  description: 'unpack nfsrootfs',
  timeoutError: 'Infrastructure',
  validate(a) {
    const prefix = rootfsBlock(a)?.['prefix'];
    if (prefix === undefined) return;
    if (asText(prefix).startsWith('/')) a.error('prefix must not be an absolute path');
    if (!asText(prefix).endsWith('/')) a.error('prefix must be a directory and end with /');
  },
  async run(a) {
    const block = rootfsBlock(a);
    if (!block) return;
    const archive = a.get(downloadedFiles)?.get('nfsrootfs')?.file;
    if (archive === undefined) throw new LavaBug('the root file system was not fetched');
    let folder = await a.makeFolder();
    await a.exec(['tar', '-x', '-p', '--numeric-owner', '-f', archive, '-C', folder], { error: 'Job', errorMessage: `Unable to unpack '${archive}'` });
    a.log.debug(`Extracted nfsroot to ${folder}`);
    if (block['prefix'] !== undefined) {
      a.log.warning(`Adding '${asText(block['prefix'])}' prefix, any other content will not be visible.`);
      folder = join(folder, await resolveInRoot(folder, asText(block['prefix']), true));
    }
    const server = nfsAddress(a);
    a.set(nfsRoot, { folder, server });
    a.set(dynamicData, { ...a.get(dynamicData), NFS_ROOTFS: folder, NFS_SERVER_IP: server });
  },
};

/** Where devices find this worker's NFS server. */
export function nfsAddress(a: Action): string {
  return asText(a.job.dispatcher['dispatcher_nfs_ip'] ?? a.job.dispatcherIp).split(':')[0] ?? '';
}

/** `persistent_nfs`: a root file system that some server exports already. */
export const parsePersistentNfs: ActionSpec = {
  name: 'parse-persistent-nfs',
  summary: 'parse persistent NFS url',
  description: 'parse persistent NFS url',
  timeoutError: 'Infrastructure',
  async validate(a) {
    const address = mappingAt(a.parameters, 'persistent_nfs')?.['address'];
    if (address === undefined) return;
    const parsed = parse(a, asText(address));
    if (!parsed) return a.error(`Unrecognised NFS URL: '${asText(address)}'`);
    const { status } = await a.exec(['rpcinfo', '-t', parsed.server, 'nfs', '3'], { allowFail: true });
    if (status !== 0) a.error(`Unable to use NFS at '${parsed.server}': 'rpcinfo -t ${parsed.server} nfs 3' failed`);
  },
  async run(a) {
    const address = mappingAt(a.parameters, 'persistent_nfs')?.['address'];
    const parsed = address === undefined ? undefined : parse(a, asText(address));
    if (parsed) a.set(nfsRoot, parsed);
  },
};

/** `{key}` stands for a value of the device's static_info. */
function parse(a: Action, address: string): { server: string; folder: string } | undefined {
  let filled = address;
  const info = a.job.device['static_info'];
  for (const entry of Array.isArray(info) ? info.filter(isMapping) : []) {
    for (const [key, value] of Object.entries(entry)) filled = filled.replaceAll(`{${key}}`, () => asText(value));
  }
  const [, server, folder] = /^([^:/]+):(\/.*)$/.exec(filled) ?? [];
  return server === undefined || folder === undefined ? undefined : { server, folder };
}
