import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { InfrastructureError, JobError } from '@lava/base';
import { asText } from '../text/as-text.ts';
import type { Action } from '../pipeline/action.ts';
import { mostLinks } from './follow-links.ts';
import { layerEntries, type Layer, type LayerEntry } from './layers.ts';
import { needProgram, withoutSync } from './programs.ts';

interface Ext4Image {
  readonly image: string;
  /** Number of the partition that holds the file system, from 0; undefined: the image is one. */
  readonly partition?: unknown;
}

/**
 * Puts layers into an ext2, ext3 or ext4 file system without mounting it.
 * @throws JobError when it has not the room, InfrastructureError when debugfs is missing or fails
 */
export async function injectIntoExt4(a: Action, { image, partition }: Ext4Image, layers: readonly Layer[], skipped: (path: string) => void): Promise<void> {
  const device = partition === undefined ? image : `${image}?offset=${await partitionOffset(a, image, partition)}`;
  const entries: LayerEntry[] = [];
  for await (const entry of layerEntries(layers, skipped)) entries.push(entry);
  await checkRoom(a, device, image, entries);

  const debugfs = new Debugfs(a, device, await a.makeFolder());
  const existing = await debugfs.folders(entries.filter((entry) => entry.kind === 'folder').map((entry) => entry.path));
  const commands: string[] = [];
  for (const entry of entries) {
    const parent = posix.dirname(`/${entry.path}`);
    const at = existing.get(parent) ?? parent;
    const name = quoted(posix.basename(entry.path));
    if (entry.kind === 'folder' && existing.has(`/${entry.path}`)) continue;
    commands.push(`cd ${quoted(at)}`);
    // A file that is there already stands in the way; complaints of `rm` about one that is not are expected.
    if (entry.kind !== 'folder') commands.push(`rm ${name}`);
    if (entry.kind === 'folder') commands.push(`mkdir ${name}`);
    else if (entry.kind === 'link') commands.push(`symlink ${name} ${quoted(entry.target)}`);
    else commands.push(`write ${quoted(entry.from)} ${name}`);
    const type = { folder: 0o040000, file: 0o100000, link: 0o120000 }[entry.kind];
    commands.push(`sif ${name} mode 0${(type | entry.mode).toString(8)}`, `sif ${name} uid ${entry.uid}`, `sif ${name} gid ${entry.gid}`);
  }
  await debugfs.write(commands, image);
}

/** Bytes from the start of an image to one of its partitions. */
async function partitionOffset(a: Action, image: string, partition: unknown): Promise<number> {
  const { stdout } = await a.exec([needProgram('sfdisk'), '-J', image], { quiet: true, errorMessage: `Unable to read the partition table of '${image}'` });
  const { partitiontable: table } = JSON.parse(stdout) as { partitiontable: { sectorsize?: number; partitions?: { start: number }[] } };
  const found = typeof partition === 'number' ? table.partitions?.[partition] : undefined;
  if (!found) throw new JobError(`Invalid partition number ${asText(partition)} (image has ${table.partitions?.length ?? 0} partitions)`, { code: 'overlay-partition' });
  return found.start * (table.sectorsize ?? 512);
}

async function checkRoom(a: Action, device: string, image: string, entries: readonly LayerEntry[]): Promise<void> {
  const { stdout } = await a.exec([...withoutSync(), needProgram('dumpe2fs'), '-h', device], { quiet: true, errorMessage: `'${image}' is no ext2, ext3 or ext4 file system` });
  const field = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(stdout)?.[1] ?? 0);
  const block = field('Block size');
  const needed = entries.reduce((sum, entry) => sum + (entry.kind === 'link' ? 0 : Math.max(1, Math.ceil(entry.size / block))), 0);
  const free = field('Free blocks');
  if (needed > free) {
    throw new JobError(`Not enough free space in ${image}: the overlay needs ${Math.ceil((needed * block) / 1024)} kB, ${Math.floor((free * block) / 1024)} kB are free`, { code: 'overlay-space' });
  }
  if (entries.length > field('Free inodes')) throw new JobError(`Not enough free inodes in ${image}: the overlay needs ${entries.length}`, { code: 'overlay-space' });
}

/** The program that edits ext file systems. */
class Debugfs {
  readonly #a: Action;
  readonly #device: string;
  readonly #folder: string;

  constructor(a: Action, device: string, folder: string) {
    this.#a = a;
    this.#device = device;
    this.#folder = folder;
  }

  async #run(commands: readonly string[], writable: boolean): Promise<{ stdout: string; stderr: string }> {
    const script = join(this.#folder, 'debugfs');
    await writeFile(script, commands.map((line) => `${line}\n`).join(''));
    return this.#a.exec([...withoutSync(), needProgram('debugfs'), ...(writable ? ['-w'] : []), '-f', script, this.#device], {
      quiet: true, error: 'Infrastructure', errorMessage: `debugfs failed for '${this.#device}'`,
    });
  }

  async write(commands: readonly string[], image: string): Promise<void> {
    if (commands.length === 0) return;
    const { stderr } = await this.#run(commands, true);
    const complaints = stderr.split('\n').filter((line) => line !== '' && !/^debugfs \d|^rm: File not found|^Allocated inode/.test(line));
    if (complaints.length === 0) return;
    for (const line of complaints.slice(0, 20)) this.#a.log.error(line);
    if (complaints.some((line) => /could not allocate|no space|out of space/i.test(line))) throw new JobError(`Not enough free space in ${image}`, { code: 'overlay-space' });
    throw new InfrastructureError(`debugfs could not write the overlay into '${image}': ${complaints[0] ?? ''}`, { code: 'overlay-debugfs' });
  }

  /** Which of these folders the image has: each with where it really lies when links lead there. */
  async folders(paths: readonly string[]): Promise<Map<string, string>> {
    const found = new Map([['/', '/']]);
    for (const path of paths) {
      const parent = posix.dirname(`/${path}`);
      const at = found.get(parent);
      if (at === undefined) continue;
      const real = await this.#follow(posix.join(at, posix.basename(path)), 0);
      if (real !== undefined) found.set(`/${path}`, real);
    }
    return found;
  }

  async #follow(path: string, links: number): Promise<string | undefined> {
    if (links > mostLinks) throw new JobError(`Too many levels of links at '${path}' in the image`, { code: 'overlay-links' });
    const { stdout } = await this.#run([`stat ${quoted(path)}`], false);
    const type = /^Inode: \d+\s+Type: (\w+)/m.exec(stdout)?.[1];
    if (type === 'directory') return path;
    if (type !== 'symlink') return undefined;
    const target = /^Fast link dest: "(.*)"$/m.exec(stdout)?.[1];
    if (target === undefined) throw new JobError(`Link '${path}' in the image is too long to follow`, { code: 'overlay-links' });
    // Links on the way to the target: each part is looked up from the root.
    let at = '/';
    for (const part of posix.resolve(posix.dirname(path), target).split('/').filter(Boolean)) {
      const next = await this.#follow(posix.join(at, part), links + 1);
      if (next === undefined) return undefined;
      at = next;
    }
    return at;
  }
}

/** A word for debugfs. @throws JobError for a name that it cannot take */
function quoted(word: string): string {
  if (/["\\\n]/.test(word)) throw new JobError(`debugfs cannot write the name '${word}'`, { code: 'overlay-name' });
  return `"${word}"`;
}
