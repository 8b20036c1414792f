import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appendToRamdisk } from './append-cpio.ts';
import { imageIndex } from './cpio-index.ts';
import { injectIntoExt4 } from './ext4.ts';
import { applyOverlayGuest } from './guest-disk.ts';
import type { Layer } from './layers.ts';
import { guestDisk, overlayApplied, overlayFolder, resultsFolder } from '../pipeline/namespace-data.ts';
import { testAction } from '../testing/test-action.ts';

let folder: string;
let layers: Layer[];
const forever = new AbortController().signal;
const ignore = () => undefined;
const sh = (command: string, cwd = folder) => execFileSync('sh', ['-c', command], { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lava-images-'));
  // What is in the image, with a folder that is a link; and what goes into it.
  mkdirSync(join(folder, 'old/usr/lib'), { recursive: true });
  mkdirSync(join(folder, 'old/tmp'), { mode: 0o1777 });
  sh('chmod 1777 old/tmp');
  symlinkSync('usr/lib', join(folder, 'old/lib'));
  symlinkSync('/usr', join(folder, 'old/absolute'));
  writeFileSync(join(folder, 'old/usr/lib/kept'), 'kept');
  writeFileSync(join(folder, 'old/usr/lib/replaced'), 'old');
  mkdirSync(join(folder, 'new/lava-1/bin'), { recursive: true });
  mkdirSync(join(folder, 'new/lib'));
  mkdirSync(join(folder, 'new/tmp'));
  writeFileSync(join(folder, 'new/lava-1/bin/script'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(folder, 'new/lava-1/empty'), '');
  writeFileSync(join(folder, 'new/lava-1/big'), Buffer.alloc(300_001, 'x'));
  writeFileSync(join(folder, 'new/lava-1/with blank é'), 'x');
  symlinkSync('../target', join(folder, 'new/lava-1/link'));
  writeFileSync(join(folder, 'new/lib/replaced'), 'new');
  writeFileSync(join(folder, 'single'), 'single');
  layers = [{ from: join(folder, 'new'), at: '/' }, { from: join(folder, 'single'), at: '/absolute/share/one' }];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Unpacks a ramdisk as Linux does: archive after archive, each compressed or not, zeros in between. */
function unpack(image: string): string {
  const root = mkdtempSync(join(folder, 'unpacked-'));
  let rest = readFileSync(image);
  while (rest.length > 0) {
    if (rest[0] === 0) { rest = rest.subarray(rest.findIndex((byte) => byte !== 0) < 0 ? rest.length : rest.findIndex((byte) => byte !== 0)); continue; }
    if (rest.subarray(0, 6).toString() === '070701') {
      const end = rest.indexOf('TRAILER!!!') + 10;
      execFileSync('sh', ['-c', 'cpio -idmu --quiet --no-absolute-filenames'], { cwd: root, input: rest.subarray(0, Math.ceil(end / 4) * 4 + 4) });
      rest = rest.subarray(end);
      continue;
    }
    // gzip alone says where its data ends only by its complaint: one member is cut off after the other.
    const next = rest.indexOf(Buffer.from([0x1f, 0x8b, 8]), 1);
    const member = next < 0 ? rest : rest.subarray(0, next);
    execFileSync('sh', ['-c', 'gzip -dc 2>/dev/null | cpio -idmu --quiet'], { cwd: root, input: member });
    rest = next < 0 ? rest.subarray(rest.length) : rest.subarray(next);
  }
  return root;
}

function expectMerged(root: string, options: { sticky: boolean } = { sticky: true }): void {
  const text = (path: string) => readFileSync(join(root, path), 'utf8');
  expect(readlinkSync(join(root, 'lib'))).toBe('usr/lib');
  expect(text('usr/lib/kept')).toBe('kept');
  expect(text('usr/lib/replaced')).toBe('new');
  expect(text('usr/share/one')).toBe('single');
  expect(text('lava-1/with blank é')).toBe('x');
  expect(statSync(join(root, 'lava-1/bin/script')).mode & 0o7777).toBe(0o755);
  if (options.sticky) expect(statSync(join(root, 'tmp')).mode & 0o7777).toBe(0o1777);
  expect(lstatSync(join(root, 'lava-1/empty')).size).toBe(0);
  expect(statSync(join(root, 'lava-1/big')).size).toBe(300_001);
  expect(readlinkSync(join(root, 'lava-1/link'))).toBe('../target');
}

test.each([['plain', 'cat', 'plain.cpio'], ['gzip', 'gzip -9', 'ramdisk.cpio.gz']])('%s ramdisk: layers are appended', async (_name, compress, file) => {
  sh(`cd old && find . | cpio -o -H newc --quiet | ${compress} > ../${file}`);
  await appendToRamdisk(join(folder, file), layers, forever, ignore);
  expectMerged(unpack(join(folder, file)));
});

test.each([['xz', 'xz --check=crc32'], ['zstd', 'zstd -q'], ['bzip2', 'bzip2']])('%s ramdisk: ours follows uncompressed', async (name, compress) => {
  const file = join(folder, `r.${name}`);
  sh(`cd old && find . | cpio -o -H newc --quiet | ${compress} > ${file}`);
  const before = readFileSync(file);
  await appendToRamdisk(file, layers, forever, ignore);
  const after = readFileSync(file);
  expect(after.subarray(0, before.length).equals(before)).toBe(true);
  const start = Math.ceil(before.length / 4) * 4;
  expect(after.subarray(start, start + 6).toString()).toBe('070701');
});

test('microcode before a compressed ramdisk', async () => {
  mkdirSync(join(folder, 'early/kernel/x86'), { recursive: true });
  writeFileSync(join(folder, 'early/kernel/x86/microcode.bin'), 'm');
  sh('(cd early && find . | cpio -o -H newc --quiet; cd ../old; find . | cpio -o -H newc --quiet | gzip) > early.img');
  const index = await imageIndex(join(folder, 'early.img'), forever);
  expect(index.isFolder('kernel/x86')).toBe(true);
  expect(index.resolve('absolute/x', false)).toBe('usr/x');
});

test.each([['no cpio at all', 'echo hello there, this is a text > x.img'], ['an archive cut off', 'head -c 700 plain.cpio > x.img'], ['random bytes', 'head -c 5000 /dev/urandom > x.img']])('%s is refused', async (_name, make) => {
  sh(make);
  await expect(appendToRamdisk(join(folder, 'x.img'), layers, forever, ignore)).rejects.toMatchObject({ type: 'Job' });
});

test('links that lead in circles are refused', async () => {
  sh('mkdir -p loop && ln -sfn b loop/a && ln -sfn a loop/b && cd loop && find . | cpio -o -H newc --quiet > ../loop.cpio');
  await expect(appendToRamdisk(join(folder, 'loop.cpio'), [{ from: join(folder, 'single'), at: '/a/one' }], forever, ignore)).rejects.toThrow('Too many levels of links');
});

test('ext4: layers are written without mounting', async () => {
  sh('truncate -s 8M fs.ext4 && PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -d old fs.ext4');
  const a = testAction(folder);
  await injectIntoExt4(a, { image: join(folder, 'fs.ext4') }, layers, ignore);
  await injectIntoExt4(a, { image: join(folder, 'fs.ext4') }, layers, ignore);
  const root = mkdtempSync(join(folder, 'ext4-'));
  sh(`PATH=$PATH:/sbin:/usr/sbin; e2fsck -fn fs.ext4 && debugfs -R "rdump / ${root}" fs.ext4 2>&1`);
  // debugfs does not copy the sticky bit out.
  expectMerged(root, { sticky: false });
  expect(sh('PATH=$PATH:/sbin:/usr/sbin debugfs -R "stat /tmp" fs.ext4 2>/dev/null')).toMatch(/Mode:\s+01777/);
  expect(sh('PATH=$PATH:/sbin:/usr/sbin debugfs -R "stat /lava-1/bin/script" fs.ext4 2>/dev/null')).toMatch(/User:\s+0\s+Group:\s+0/);
});

test('ext4 in a partition', async () => {
  sh(`truncate -s 12M disk.img && printf 'label: dos\\n2048,2M,c\\n6144,8M,L\\n' | PATH=$PATH:/sbin:/usr/sbin sfdisk -q disk.img
      truncate -s 8M part.ext4 && PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -d old part.ext4 && dd if=part.ext4 of=disk.img bs=512 seek=6144 conv=notrunc 2>/dev/null`);
  const a = testAction(folder);
  await injectIntoExt4(a, { image: join(folder, 'disk.img'), partition: 1 }, layers, ignore);
  sh('dd if=disk.img of=part.ext4 bs=512 skip=6144 count=16384 2>/dev/null; PATH=$PATH:/sbin:/usr/sbin e2fsck -fn part.ext4');
  expect(sh('PATH=$PATH:/sbin:/usr/sbin debugfs -R "cat /usr/lib/replaced" part.ext4 2>/dev/null')).toBe('new');
  await expect(injectIntoExt4(a, { image: join(folder, 'disk.img'), partition: 2 }, layers, ignore)).rejects.toThrow('Invalid partition number 2 (image has 2 partitions)');
});

test('ext4 without room, and what is none', async () => {
  sh('truncate -s 300K small.ext4 && PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext2 small.ext4');
  const a = testAction(folder);
  await expect(injectIntoExt4(a, { image: join(folder, 'small.ext4') }, layers, ignore)).rejects.toThrow(/^Not enough free space in .*small\.ext4/);
  truncateSync(join(folder, 'single'), 6);
  await expect(injectIntoExt4(a, { image: join(folder, 'single') }, layers, ignore)).rejects.toThrow('is no ext2, ext3 or ext4 file system');
});

test('a disk for guests that get no overlay otherwise', async () => {
  const device = { actions: { deploy: { methods: { image: { parameters: { guest: { size: 4 } } } } } } };
  const a = testAction(folder, { spec: applyOverlayGuest, context: { device } });
  a.set(overlayFolder, join(folder, 'new'));
  a.set(resultsFolder, '/lava-1');
  await applyOverlayGuest.run?.(a);
  const disk = a.get(guestDisk);
  const image = disk?.file ?? '';
  expect(sh(`PATH=$PATH:/sbin:/usr/sbin dumpe2fs -h ${image} 2>/dev/null`)).toMatch(new RegExp(`Filesystem volume name:\\s+LAVA\n[^]*Filesystem UUID:\\s+${disk?.uuid}\n`));
  expect(sh(`PATH=$PATH:/sbin:/usr/sbin debugfs -R "cat /bin/script" ${image} 2>/dev/null`)).toBe('#!/bin/sh\n');

  a.set(guestDisk, undefined as never);
  a.set(overlayApplied, true);
  await applyOverlayGuest.run?.(a);
  expect(a.get(guestDisk)).toBeUndefined();

  const unsized = testAction(folder, { spec: applyOverlayGuest });
  await applyOverlayGuest.validate?.(unsized);
  expect(unsized.errors).toEqual(['Device configuration does not specify size of guest filesystem.']);
});
