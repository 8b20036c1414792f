import type { Method } from '../pipeline/action.ts';
import { avhDeploy } from './avh.ts';
import { docker } from './docker.ts';
import { download } from './download-deploy.ts';
import { downloads } from './downloads.ts';
import { fastbootDeploy } from './fastboot.ts';
import { flasher } from './flasher.ts';
import { fvpDeploy } from './fvp.ts';
import { isoInstaller } from './iso-installer.ts';
import { mps } from './mps.ts';
import { muscaDeploy } from './musca.ts';
import { nbd } from './nbd.ts';
import { nfs, qemuNfs } from './nfs.ts';
import { overlay } from './overlay.ts';
import { qdlDeploy } from './qdl.ts';
import { recoveryDeploy } from './recovery.ts';
import { removable } from './removable.ts';
import { ssh } from './ssh.ts';
import { tftp } from './tftp.ts';
import { tmpfs } from './tmpfs.ts';
import { ubootUms } from './u-boot-ums.ts';
import { usbgMs } from './usbg-ms.ts';
import { uuuDeploy } from './uuu.ts';
import { vemsd } from './vemsd.ts';

/** Every way to deploy; when several accept a block, the highest priority wins, then the first. */
export const deployMethods: readonly Method[] = [
  avhDeploy, docker, download, downloads, fastbootDeploy, flasher, fvpDeploy, qemuNfs, tmpfs, isoInstaller, mps, muscaDeploy, nbd, nfs, overlay, qdlDeploy, recoveryDeploy, removable, ssh, tftp,
  ubootUms, usbgMs, uuuDeploy, vemsd,
];
