import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { FakeBoard, friendlyBoard, login } from '../testing/fake-board.ts';

// A device that runs already fetches the overlay: over HTTP, over NFS, over a serial line.

let board: FakeBoard;
afterEach(() => {
  vi.unstubAllEnvs();
  board.remove();
});

const methods = { deploy: { methods: { image: { parameters: { guest: { size: 8 } } } } }, boot: { connections: { serial: null }, methods: { minimal: null } } };
const definition = { from: 'inline', name: 'x', path: 'x.yaml', repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name: 'x' }, run: { steps: ['true'] } } };

function bring(transfer: object) {
  return board.run([
    { deploy: { to: 'tmpfs', os: 'oe', images: { file: { url: `file://${board.path('board.sh')}` } } } },
    { boot: { ...login, transfer_overlay: transfer } },
    { test: { definitions: [definition] } },
  ], { dispatcher: 'dispatcher_ip: 127.0.0.1' });
}

test('over HTTP', async () => {
  board = new FakeBoard(`cd $(dirname $0); ${friendlyBoard}`, { device: { actions: methods } });
  const { messages } = await bring({ download_command: 'busybox wget -q', unpack_command: 'tar -xzf' });
  expect(existsSync(board.path(`lava-${board.id}/bin/lava-test-runner`))).toBe(true);
  expect(messages('info')).toContainEqual(expect.stringMatching(/^end: 2 minimal-boot/));
});

test('over NFS', async () => {
  // The board has its own idea of what it mounts, where, and what it may remove.
  const script = `cd $(dirname $0); mkdir here; mkdir() { echo "mkdir $*"; }; rm() { echo "rm $*"; }; umount() { echo "umount $*"; }
mount() { echo "mount $*"; source=\${3#*:}; }; unpack() { cp -a "$source"/* here/; }\n${friendlyBoard}`;
  board = new FakeBoard(script, { device: { actions: methods } });
  const { messages } = await bring({ transfer_method: 'nfs', download_command: 'mount -o nolock', unpack_command: 'unpack' });
  expect(messages('target').map((text) => text.replaceAll(/lava-overlay-\w+/g, 'D'))).toEqual(expect.arrayContaining([
    expect.stringMatching(/mkdir -p \/D$/), expect.stringMatching(/^mount -o nolock 127\.0\.0\.1:\/\S+\/D \/D$/), expect.stringMatching(/umount \/D$/), expect.stringMatching(/rm -fr \/D$/),
  ]));
  expect(existsSync(board.path(`here/lava-${board.id}/bin/lava-test-runner`))).toBe(true);
});

test('over a serial line', async () => {
  // A pipe with two ends, and a sender that says how much comes.
  const ends = mkdtempSync(join(tmpdir(), 'lava-line-'));
  const uart = join(ends, 'uart');
  execFileSync('mkfifo', [uart]);
  const held = openSync(uart, 'r+');
  writeFileSync(join(ends, 'sz'), `#!/bin/sh\necho "$*" > ${ends}/words\nfor file; do :; done\necho "$(basename "$file") $(stat -c %s "$file")"; cat "$file"\n`, { mode: 0o755 });
  vi.stubEnv('PATH', `${ends}:${process.env['PATH'] ?? ''}`);
  const script = `cd $(dirname $0); rz() { { read -r name size; head -c $size > $name; } < ${uart}; }; ${friendlyBoard}`;
  board = new FakeBoard(script, { device: { actions: methods, device_info: [{ uart }] } });
  await bring({ transfer_method: 'zmodem', unpack_command: 'tar -xzf' });
  const words = readFileSync(join(ends, 'words'), 'utf8');
  closeSync(held);
  rmSync(ends, { recursive: true });
  expect(words).toMatch(/^--binary --escape -y \/\S+\/overlay-1\.1\.\d\.tar\.gz\n$/);
  expect(existsSync(board.path(`lava-${board.id}/bin/lava-test-runner`))).toBe(true);
});

test('a serial line that the device does not have', async () => {
  board = new FakeBoard(friendlyBoard, { device: { actions: methods } });
  const { outcome } = await bring({ transfer_method: 'zmodem', unpack_command: 'tar -xzf' });
  expect(outcome).toMatchObject({ errorType: 'Job', errorCode: 'uart-missing' });
});
