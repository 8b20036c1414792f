import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LogRecord } from '@lava/job';
import { guestImage, project, type GuestImage } from '@lava/testbed';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { TftpServer } from '../../packages/dispatcher/src/deploy/tftp-server.ts';
import { arm64Board, jobText, login, lookAround, uboot, type QemuBoard } from './support/qemu-board.ts';

// The same U-Boot job, on the same board, by LAVA's own dispatcher of Debian 12 and by ours.

const python = '/usr/bin/python3';
// Both get the same device configuration: upstream runs the program that ours only takes the words of.
const hasUpstream = existsSync('/usr/bin/telnet') && spawnSync(python, ['-c', 'import lava_dispatcher, guestfs']).status === 0 && process.getuid?.() === 0;
if (!hasUpstream) process.stderr.write("tests: not compared with LAVA's own dispatcher: Debian's packages lava-dispatcher, python3-guestfs and telnet are not installed, or this is not root\n");

let guest: GuestImage;
let board: QemuBoard | undefined;
let server: TftpServer | undefined;
beforeAll(async () => { guest = await guestImage(join(project, '.cache'), 'arm64'); });
afterEach(async () => {
  await server?.close();
  await board?.remove();
});

const actions = () => [
  { deploy: { to: 'tftp', os: 'oe', kernel: { url: `file://${guest.kernel}`, type: 'image' }, ramdisk: { url: `file://${guest.ramdisk}`, compression: 'gz' } } },
  { boot: { method: 'u-boot', commands: 'ramdisk', ...login } },
  { test: lookAround },
];

/** Result cases, in order. */
const cases = (records: readonly LogRecord[]) => records.filter((r) => r.lvl === 'results').map((r) => r.msg as Record<string, string>).map((r) => `${r['definition']}/${r['case']} ${r['result']}`);

/** Beginnings and ends of actions by name, what is typed to the board, and signals of tests: in order, without times, levels and names of folders. */
function milestones(records: readonly LogRecord[]): string[] {
  return records.flatMap(({ lvl, msg }) => {
    const text = typeof msg === 'string' ? msg : '';
    const action = /^(start|end): [\d.]+ (\S+) /.exec(text);
    if (action) return [`${action[1]} ${action[2]}`];
    if (lvl === 'input') return [`typed ${text.trim().replaceAll(/tftp-deploy-\w+/g, 'FOLDER')}`];
    return /^Received signal: <(\w+)>/.exec(text)?.[0] ?? [];
  });
}

async function runUpstream(of: QemuBoard): Promise<LogRecord[]> {
  const folder = join(of.folder, 'upstream');
  const tftp = join(folder, 'tftp');
  const bin = join(folder, 'bin');
  for (const each of [tftp, bin]) mkdirSync(each, { recursive: true });
  // It only looks whether there is one.
  writeFileSync(join(bin, 'in.tftpd'), '#!/bin/sh\nexit 1\n');
  chmodSync(join(bin, 'in.tftpd'), 0o755);
  server = await TftpServer.listen({ address: of.workerAddress, port: 69, root: tftp, allows: () => true });
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const log = join(folder, 'log.yaml');
  const given = {
    definition: file('job.yaml', jobText(actions())), device: file('device.yaml', of.configuration()), dispatcher: file('dispatcher.yaml', dumpYaml(of.dispatcher)), id: '4212', tftp, log,
  };
  const { stdout, stderr } = await promisify(execFile)(python, [fileURLToPath(new URL('support/upstream-run.py', import.meta.url)), file('given.json', JSON.stringify(given))],
    { env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
  await server.close();
  server = undefined;
  const records = readFileSync(log, 'utf8').split('\n').filter(Boolean).map((line) => loadYaml(line) as LogRecord);
  if ((JSON.parse(stdout) as { failed: string | null }).failed !== null) throw new Error(`upstream: ${stdout}${stderr}\n${records.slice(-30).map((r) => JSON.stringify(r.msg)).join('\n')}`);
  return records;
}

describe.skipIf(!hasUpstream || !existsSync(uboot))("LAVA's own dispatcher", () => {
  test('has the same results in the same order, and the same milestones in its log', async () => {
    board = await arm64Board();
    const theirs = await runUpstream(board);
    const ours = await board.run(actions());
    expect(ours.outcome.result).toBe('pass');
    expect(milestones(ours.records)).toEqual(asNow(milestones(theirs)));
    // The case `job` is written by the program around upstream's dispatcher, which is not run here.
    expect(ours.cases.at(-1)).toBe('lava/job pass');
    expect(ours.cases.slice(0, -1).sort()).toEqual(cases(theirs).sort());
    const fromBoot = (all: readonly string[]) => all.slice(all.indexOf('lava/bootloader-overlay pass'));
    expect(fromBoot(ours.cases).slice(0, -1)).toEqual(fromBoot(cases(theirs)));
  }, 300_000);
});

/** All differences between the two logs: what LAVA 2023.01 did, turned into what later releases do. */
function asNow(milestones: readonly string[]): string[] {
  const gone = [
    'lava-vland-overlay', 'lxc-create-udev-rule-action', // removed with the protocols lava-vland and lava-lxc
    'persistent-nfs-overlay', // now `parse-persistent-nfs`, after `extract-nfsrootfs`
  ];
  const kept = milestones
    .filter((line) => !gone.includes(line.replace(/^(start|end) /, '')))
    // Upstream tells telnet to end; here the line is simply closed.
    .filter((line) => !['typed \u001d', 'typed ]', 'typed quit'].includes(line))
    // Later releases look whether it succeeds.
    .map((line) => (line === 'typed . /lava-4212/environment' ? `${line} ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"` : line));
  // The overlay is made before anything is fetched, no longer among the preparations.
  const from = kept.indexOf('start lava-overlay');
  const overlay = kept.splice(from, kept.indexOf('end lava-overlay') - from + 1);
  kept.splice(kept.indexOf('start tftp-deploy') + 1, 0, ...overlay);
  kept.splice(kept.indexOf('end extract-nfsrootfs') + 1, 0, 'start parse-persistent-nfs', 'end parse-persistent-nfs');
  return kept;
}
