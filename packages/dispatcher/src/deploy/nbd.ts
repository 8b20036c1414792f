import { chown, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { JobError, LavaBug, sleep } from '@lava/base';
import { isMapping } from '@lava/job';
import { which } from '../process/which.ts';
import { endProcesses, processTree } from '../process/process-tree.ts';
import type { ActionSpec, Method } from '../pipeline/action.ts';
import { callXnbd, checkXnbd } from './xnbd.ts';
import { Downloads } from './download.ts';
import { blockServer, downloadedFiles, overlayApplied, tftpFiles } from '../pipeline/namespace-data.ts';
import { overlaySpecs } from './fetch-images.ts';
import { prepareKernel } from './prepare-kernel.ts';
import { publishDownloads } from './publish-downloads.ts';
import { serveTftp, tftpRoot, type TftpService } from './serve-tftp.ts';
import { tftpFolder } from './tftp-folder.ts';
import { to } from './to.ts';

const labels = ['kernel', 'initrd', 'nbdroot', 'dtb'];

/** Kernel and initial ramdisk over TFTP, and a root file system that is served as a network block device. */
export const nbd: Method = {
  name: 'nbd',
  accepts: to('nbd', { method: 'nbd' }),
  build(job, parameters) {
    const downloads = new Downloads();
    const hasType = isMapping(parameters['kernel']) && parameters['kernel']['type'] !== undefined;
    let service: TftpService | undefined;
    let folder: string | undefined;
    const publish: ActionSpec = {
      ...prepareKernel(job),
      ...(hasType ? {} : { children: [] }),
      async run(a) {
        publishDownloads(a);
        await a.runChildren();
      },
    };
    return {
      name: 'nbd-deploy',
      summary: 'nbd deployment',
      description: 'download files and deploy using a network block device',
      children: [...labels.filter((label) => label in parameters).map((label) => downloads.spec(job, parameters, label, parameters[label])), ...overlaySpecs(job, parameters), publish, xnbdServerDeploy()],
      validate(a) {
        downloads.check(a);
        checkXnbd(a);
        for (const label of ['kernel', 'initrd', 'nbdroot']) if (!(label in parameters)) a.error(`nbd-deploy needs a ${label} to deploy`);
        for (const label of ['nfsrootfs', 'ramdisk']) if (label in parameters) a.error(`nbd-deploy cannot be used with ${label}`);
      },
      async run(a) {
        a.set(overlayApplied, false);
        a.set(tftpFiles, new Map());
        await callXnbd(a);
        folder = await tftpFolder(a);
        service = await serveTftp(a, /^[^/]+\/nbd-deploy-\w+\//, relative(tftpRoot(job), folder));
        downloads.start(a, folder);
        await a.runChildren();
      },
      async cleanup() {
        await service?.stop();
        service = undefined;
        if (folder !== undefined) await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

/** Starts the server; it ends with the job. */
function xnbdServerDeploy(): ActionSpec {
  let pidFile: string | undefined;
  return {
    name: 'xnbd-server-deploy',
    summary: 'nbd deployment',
    description: 'serve the root file system as a network block device',
    timeoutError: 'Infrastructure',
    validate() {
      which('nbd-server', 'Install the Debian package nbd-server on the worker.');
    },
    async run(a) {
      const server = a.get(blockServer);
      if (!server) throw new JobError("'to: nbd' needs 'protocols: {lava-xnbd: [{action: nbd-deploy, request: set_port}]}' in its block", { code: 'protocol-call' });
      const image = a.get(downloadedFiles)?.get('nbdroot')?.file;
      if (image === undefined) throw new LavaBug('the root file system was not fetched');
      const owner = await ownerOfServer();
      if (owner) await chown(image, owner.uid, owner.gid);
      pidFile = join(await a.makeFolder(), 'pid');
      await a.exec(['nbd-server', String(server.port), image, '-p', pidFile], { error: 'Infrastructure', errorMessage: `nbd-server cannot serve '${image}' at port ${server.port}`, code: 'nbd-serve' });
      // It is ready a moment after it has gone to the background.
      while (!(await pidOf(pidFile))) await sleep(20, a.signal);
    },
    async cleanup() {
      const pid = pidFile === undefined ? undefined : await pidOf(pidFile);
      pidFile = undefined;
      if (pid !== undefined) await endProcesses(processTree(pid), 2000);
    },
  };
}

async function pidOf(file: string): Promise<number | undefined> {
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).trim());
  return pid > 0 ? pid : undefined;
}

/** Whom the server runs as, if its configuration names a user of this machine and we are root. */
async function ownerOfServer(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const user = /^\s*user\s*=\s*(\S+)/m.exec(await readFile('/etc/nbd-server/config', 'utf8').catch(() => ''))?.[1];
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => user !== undefined && entry.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}
