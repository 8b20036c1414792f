import { JobError, LavaBug } from '@lava/base';
import { isMapping } from '@lava/job';
import { copyIntoRoot } from '../overlay/copy-into-root.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import { downloadedFiles, nfsRoot } from '../pipeline/namespace-data.ts';
import { addToRamdisk } from './ramdisk.ts';

/** Unpacks the kernel's modules into the root file systems of the deployment: the early one may need some to reach the other. */
export const extractModules: ActionSpec = {
  name: 'extract-modules',
  summary: 'extract kernel modules',
  description: 'extract supplied kernel modules',
  timeoutError: 'Infrastructure',
  async run(a) {
    const { modules, ramdisk, nfsrootfs } = a.parameters;
    if (modules === undefined) return;
    if (!isMapping(ramdisk) && !isMapping(nfsrootfs)) throw new JobError('Unable to identify a location for the unpacked modules', { code: 'modules-nowhere' });
    const archive = a.get(downloadedFiles)?.get('modules')?.file;
    if (archive === undefined) throw new LavaBug('the modules were not fetched');
    const folder = await a.makeFolder();
    await a.exec(['tar', '-x', '-f', archive, '-C', folder], { error: 'Job', errorMessage: `Unable to unpack the modules '${archive}'` });
    const layer = { from: folder, at: '/' };
    if (isMapping(nfsrootfs)) {
      const root = a.get(nfsRoot);
      if (nfsrootfs['install_modules'] === false || !root) a.log.info('Not adding modules to the NFS root.');
      else {
        a.log.info(`extracting modules file ${archive} to ${root.folder}`);
        await copyIntoRoot(root.folder, [layer], (path) => a.log.warning(`'/${path}' is neither file nor folder nor link: left out`));
      }
    }
    if (isMapping(ramdisk)) {
      if (ramdisk['install_modules'] === false || !addToRamdisk(a, layer)) a.log.info('Not adding modules to the ramdisk.');
      else a.log.info(`extracting modules file ${archive} to the ramdisk`);
    }
  },
};
