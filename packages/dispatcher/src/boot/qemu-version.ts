import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Action } from '../pipeline/action.ts';

export interface QemuVersion {
  /** `qemu-system-x86` when Debian's package brought it, otherwise `qemu`. */
  readonly name: string;
  readonly version: string;
  /** Of the worker, in the words of whoever knew the version: `amd64` of a package, `x86_64` of the machine. */
  readonly architecture: string;
}

/** Debian packages by the guest's architecture; those of the others are not asked. */
const packages: Readonly<Record<string, string>> = {
  amd64: 'qemu-system-x86', x86_64: 'qemu-system-x86', i386: 'qemu-system-x86',
  arm64: 'qemu-system-arm', aarch64: 'qemu-system-arm', arm: 'qemu-system-arm',
};
const machine = ({ x64: 'x86_64', arm64: 'aarch64', ia32: 'i386' } as Record<string, string>)[process.arch] ?? process.arch;
/** A job boots more than once; nothing is installed in between. */
const known = new Map<string, QemuVersion>();

/** Version of a QEMU program; undefined when it cannot be run. */
export async function qemuVersion(a: Action, program: string, guest: string): Promise<QemuVersion | undefined> {
  const found = known.get(program) ?? (await ofPackage(program, guest)) ?? (await ofProgram(a, program));
  if (found) known.set(program, found);
  return found;
}

/** Asks the list of installed packages itself: a program that reads it for us would take ten times as long. */
async function ofPackage(program: string, guest: string): Promise<QemuVersion | undefined> {
  const name = Object.hasOwn(packages, guest) ? packages[guest] : undefined;
  if (name === undefined || dirname(program) !== '/usr/bin') return undefined;
  const list = await readFile('/var/lib/dpkg/status').catch(() => Buffer.alloc(0));
  const start = list.indexOf(`Package: ${name}\nStatus: install ok installed\n`);
  if (start < 0) return undefined;
  const entry = list.toString('utf8', start, list.indexOf('\n\n', start));
  const field = (key: string) => new RegExp(`^${key}: (.+)$`, 'm').exec(entry)?.[1];
  const [version, architecture] = [field('Version'), field('Architecture')];
  return version !== undefined && architecture !== undefined ? { name, version, architecture } : undefined;
}

async function ofProgram(a: Action, program: string): Promise<QemuVersion | undefined> {
  const { status, stdout } = await a.exec([program, '--version'], { allowFail: true, quiet: true });
  return status === 0 ? { name: 'qemu', version: /version (\S+)/.exec(stdout)?.[1] ?? stdout.trim(), architecture: machine } : undefined;
}
