import { copyFile, mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { LavaBug } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { copyIntoRoot } from '../overlay/copy-into-root.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { downloadedFiles, nfsRoot, overlayApplied, overlayArchive, overlayFolder, setTftpFile } from '../pipeline/namespace-data.ts';
import { addToRamdisk } from './ramdisk.ts';
import { tftpRoot } from './serve-tftp.ts';

/** Puts LAVA's files of the tests into the root file system that the device will have: over NFS if there is one, else the ramdisk. */
export const applyOverlayTftp: ActionSpec = {
  name: 'apply-overlay-tftp',
  summary: 'apply lava overlay test files',
  description: 'unpack the overlay into the nfsrootfs or ramdisk',
  timeoutError: 'Infrastructure',
  validate(a) {
    const persistent = a.parameters['persistent_nfs'];
    if (persistent === undefined) return;
    if (!isMapping(persistent)) a.error('Invalid persistent_nfs parameter.');
    else if (!('address' in persistent)) a.error('Missing address for persistent NFS');
  },
  async run(a) {
    if (a.get(overlayApplied)) return a.log.debug('Overlay already applied');
    const from = a.get(overlayFolder);
    const archive = a.get(overlayArchive);
    if (from === undefined || archive === undefined) throw new LavaBug('the lava overlay was not made');
    const layer = { from, at: '/' };
    const { parameters } = a;
    const ns = a.namespace;
    const leftOut = (block: Mapping) => block['install_overlay'] === false;
    const rootfs = mappingAt(parameters, 'nfsrootfs') ?? mappingAt(parameters, 'images', 'nfsrootfs');
    const persistent = mappingAt(parameters, 'persistent_nfs');
    const ramdisk = mappingAt(parameters, 'ramdisk');
    if (parameters['os'] === 'centos_installer') {
      await offerArchive(a, archive);
    } else if (rootfs) {
      if (leftOut(rootfs)) return a.log.info(`[${ns}] Skipping applying overlay to NFS`);
      const root = a.get(nfsRoot);
      if (!root) throw new LavaBug('the NFS root was not unpacked');
      a.log.info(`[${ns}] Applying overlay to NFS`);
      await copyIntoRoot(root.folder, [layer], skip(a));
    } else if (persistent) {
      if (leftOut(persistent)) return a.log.info(`[${ns}] Skipping applying overlay to persistent NFS`);
      a.log.info(`[${ns}] Applying overlay to persistent NFS address ${asText(persistent['address'])}`);
      await withMounted(a, asText(persistent['address']), (folder) => copyIntoRoot(folder, [layer], skip(a)));
    } else if (ramdisk) {
      if (leftOut(ramdisk)) return a.log.info(`[${ns}] Skipping applying overlay to ramdisk`);
      a.log.info(`[${ns}] Applying overlay ${archive} to ramdisk`);
      addToRamdisk(a, layer);
    } else {
      a.log.debug(`[${ns}] No overlay directory`);
    }
  },
};

const skip = (a: Action) => (path: string) => a.log.warning(`'/${path}' is neither file nor folder nor link: left out`);

/** Its installer takes nothing in its ramdisk but its own file: the archive lies beside it, to be fetched over TFTP. */
async function offerArchive(a: Action, archive: string): Promise<void> {
  const ramdisk = a.get(downloadedFiles)?.get('ramdisk')?.file;
  if (ramdisk === undefined) return;
  const copy = join(dirname(ramdisk), basename(archive));
  await copyFile(archive, copy);
  setTftpFile(a, 'overlay', relative(tftpRoot(a.job), copy));
}

/** Not in the job's folder: if it cannot be unmounted, removing that folder would empty the server's. */
async function withMounted(a: Action, address: string, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lava-nfs-'));
  await a.exec(['mount', '-t', 'nfs', address, folder], { error: 'Infrastructure', errorMessage: `Unable to mount '${address}'` });
  try {
    await use(folder);
  } finally {
    await a.exec(['umount', folder], { error: 'Infrastructure' });
    await rmdir(folder);
  }
}
