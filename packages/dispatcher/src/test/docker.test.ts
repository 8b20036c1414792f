import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { inline, ShellBoard } from '../testing/shell-board.ts';

// What `docker` is told of a device with USB parts, by a stand-in that runs nothing but notes its words.

const folder = mkdtempSync(join(tmpdir(), 'lava-docker-words-'));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('login, image, network, USB parts and the options of the device, in their order', async () => {
  const calls = join(folder, 'calls');
  writeFileSync(join(folder, 'docker'), `#!/bin/sh\nprintf '%s|' "$@" >> ${calls}; echo >> ${calls}\ncase "$*" in *login*) cat >> ${calls}; echo >> ${calls};; *" run "*) echo 'docker-test-shell:$ '; sleep 1; exit 3;; esac\n`);
  writeFileSync(join(folder, 'udevadm'), `#!/bin/sh\n[ "$1" = info ] && printf 'P: /devices/a\\nE: DEVPATH=/devices/a\\nE: DEVNAME=/dev/bus/usb/001/009\\nE: SUBSYSTEM=usb\\nE: MAJOR=189\\nE: MINOR=8\\nE: ID_SERIAL_SHORT=S1\\n\\n'\n[ "$1" = monitor ] && printf 'monitor\\n\\n' && exec sleep 20\nexit 0\n`);
  for (const name of ['docker', 'udevadm']) chmodSync(join(folder, name), 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  const board = await ShellBoard.create();
  try {
    const { outcome } = await board.run([{
      docker: { image: 'debian:12', network_from: 'net', login: { registry: 'r.example', user: 'u', password: 'secret' } }, definitions: [inline('never', ['true'])],
    }], { device: { device_info: [{ board_id: 'S1' }], actions: {
      deploy: { methods: { image: { parameters: { guest: { size: 8 } } } } }, boot: { connections: { serial: null }, methods: { minimal: null } },
      test: { methods: { docker: { global_options: ['--debug', null], options: [['--memory', '1g'], '--privileged'] } } },
    } } });
    expect(outcome.errorCode).toBe('connection-closed');
  } finally {
    await board.remove();
  }
  expect(readFileSync(calls, 'utf8')).toMatch(/r\.example\|\nsecret\n/);
  const lines = readFileSync(calls, 'utf8').split('\n').filter((line) => line.includes('|')).map((line) => line.split('|').slice(0, -1).join(' '));
  expect(lines.find((line) => line.includes('login'))).toBe('--debug login --username u --password-stdin r.example');
  expect(lines).toContain('--debug pull debian:12');
  expect(lines.find((line) => line.includes(' run '))).toMatch(
    /^--debug run --memory 1g --privileged --interactive --tty --rm --init --name=lava-docker-test-shell-1-3\.3 --network=container:net-lava-1 (--device-cgroup-rule=\S+ \S+ \S+ )+--device=\/dev\/bus\/usb\/001\/009 --mount=type=bind,source=\S+,destination=\/\S+\/lava-1 --env=PS1=docker-test-shell:\$ {2}debian:12 bash --norc -i$/);
  expect(lines.find((line) => line.includes('mknod'))).toMatch(/ lava-docker-test-shell-1-3\.3 sh -c .* \/dev\/bus\/usb\/001\/009 c 189 8$/);
  expect(lines.at(-1)).toBe('--debug rm --force lava-docker-test-shell-1-3.3');
});
