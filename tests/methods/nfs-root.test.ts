import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { guestImage, guestRamdisk, project, type GuestImage } from '@lava/testbed';
import { ganesha, NfsServer } from './support/nfs-server.ts';
import { arm64Board, login, lookAround, uboot, type QemuBoard } from './support/qemu-board.ts';

// A board whose root file system lies on the worker, with LAVA's files of the tests in it, and is mounted over NFS.

let guest: GuestImage;
let board: QemuBoard | undefined;
let nfs: NfsServer | undefined;
beforeAll(async () => { guest = await guestImage(join(project, '.cache'), 'arm64'); });
afterEach(async () => {
  await board?.remove();
  await nfs?.stop();
});

describe.skipIf(!existsSync(uboot) || !existsSync(ganesha))('NFS', () => {
  test('U-Boot starts a kernel that mounts its root over NFS', async () => {
    board = await arm64Board();
    nfs = await NfsServer.start(board.folder);
    const { outcome, typed, printed, cases, messages } = await board.run([
      { deploy: {
        to: 'tftp', os: 'oe', kernel: { url: `file://${guest.kernel}`, type: 'image' }, nfsrootfs: { url: `file://${guest.archive}`, compression: 'gz' },
        ramdisk: { url: `file://${await guestRamdisk(guest, 'nfs')}`, compression: 'gz', install_overlay: false, install_modules: true },
      } },
      { boot: { method: 'u-boot', commands: 'nfs', ...login } },
      { test: { timeout: { minutes: 1 }, definitions: [
        ...lookAround.definitions,
        { from: 'inline', name: 'root', path: 'inline/root.yaml', repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'root' }, run: { steps: ['mount', 'env | grep NFS'] } } },
      ] } },
    ]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toContain('0_look/shell pass');
    const [, folder] = /nfsroot=10\.0\.2\.2:(\S+\/extract-nfsrootfs-\w{6}),tcp,hard/.exec(typed.join('')) ?? [];
    expect(folder).toContain(board.folder);
    expect(messages).toContain('[common] Applying overlay to NFS');
    expect(printed).toContain(`10.0.2.2:${folder} on / type nfs4 (rw,`);
    expect(printed).toContain(`NFS_ROOTFS=${folder}`);
  });
});
