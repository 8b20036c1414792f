import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { guestImage, guestRamdisk, project, type GuestImage } from '@lava/testbed';
import { qemuDictionary } from '../support/jobs.ts';
import { ganesha, NfsServer } from './support/nfs-server.ts';
import { arm64Board, login, uboot } from './support/qemu-board.ts';
import { runOn, steps } from './support/run-on.ts';

// Devices whose root file system lies on the worker, with LAVA's files of the tests in it, and is mounted over NFS.

let arm64: GuestImage;
let amd64: GuestImage;
beforeAll(async () => {
  arm64 = await guestImage(join(project, '.cache'), 'arm64');
  amd64 = await guestImage(join(project, '.cache'));
});

const atEnd: (() => Promise<void> | void)[] = [];
afterEach(async () => { for (const step of atEnd.splice(0).toReversed()) await step(); });

/** Exports the folder; one at a time, as there is one port for NFS. */
async function serve(folder: string): Promise<void> {
  const server = await NfsServer.start(folder);
  atEnd.push(() => server.stop());
}

const initrd = async (guest: GuestImage) => ({ url: `file://${await guestRamdisk(guest, 'nfs')}` });
const rootfs = (guest: GuestImage) => ({ url: `file://${guest.archive}`, compression: 'gz' });
const tests = { timeout: { minutes: 1 }, definitions: [steps('root', 'mount', 'env | grep NFS', 'lava-test-case over-nfs --shell "mount | grep \'on / type nfs4 (rw,\'"')] };

describe.skipIf(!existsSync(ganesha))('NFS', () => {
  test.skipIf(!existsSync(uboot))('U-Boot starts a kernel that mounts its root over NFS', async () => {
    const board = await arm64Board();
    atEnd.push(() => board.remove());
    await serve(board.folder);
    const { outcome, typed, printed, cases, messages } = await board.run([
      { deploy: {
        to: 'tftp', os: 'oe', kernel: { url: `file://${arm64.kernel}`, type: 'image' }, nfsrootfs: rootfs(arm64),
        ramdisk: { ...await initrd(arm64), compression: 'gz', install_overlay: false, install_modules: true },
      } },
      { boot: { method: 'u-boot', commands: 'nfs', ...login } },
      { test: tests },
    ]);
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toContain('0_root/over-nfs pass');
    const [, folder] = /nfsroot=10\.0\.2\.2:(\S+\/extract-nfsrootfs-\w{6}),tcp,hard/.exec(typed.join('')) ?? [];
    expect(folder).toContain(board.folder);
    expect(messages).toContain('[common] Applying overlay to NFS');
    expect(printed).toContain(`10.0.2.2:${folder} on / type nfs4 (rw,`);
    expect(printed).toContain(`NFS_ROOTFS=${folder}`);
  });

  test('QEMU starts a kernel that mounts its root over NFS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lava-qemu-nfs-'));
    atEnd.push(() => rmSync(folder, { recursive: true, force: true }));
    await serve(folder);
    const { outcome, cases, texts } = await runOn(folder, `${qemuDictionary}{% set console_device = 'ttyS0,115200' %}\n`, [
      { deploy: { to: 'nfs', os: 'oe', images: {
        kernel: { url: `file://${amd64.kernel}`, image_arg: '-kernel {kernel}' }, initrd: { ...await initrd(amd64), image_arg: '-initrd {initrd}' }, nfsrootfs: rootfs(amd64),
      } } },
      { boot: { method: 'qemu-nfs', media: 'nfs', ...login } },
      { test: tests },
    ], { job: { context: { arch: 'amd64' } }, dispatcher: { dispatcher_nfs_ip: '10.0.2.2' } });
    expect(outcome).toEqual({ result: 'pass', poweredOff: true });
    expect(cases).toEqual(['0_root/over-nfs pass']);
    const [, root] = /--append 'console=ttyS0,115200 root=\/dev\/nfs nfsroot=10\.0\.2\.2:(\S+),tcp,hard rw ip=dhcp'$/m.exec(texts('info').join('\n')) ?? [];
    expect(root).toContain(folder);
    expect(texts('target').join('\n')).toContain(`10.0.2.2:${root} on / type nfs4 (rw,`);
  });
});
