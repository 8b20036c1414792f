import { didYouMean } from '@lava/base';
import { isMapping } from '../mapping.ts';
import type { Path } from '../problem.ts';
import type { Finding } from '../schema/schema.ts';
import { quoted, type Block } from './blocks.ts';

const schemes = ['http', 'https', 'file', 'scp', 'rclone', 'downloads'];
const digits = { md5sum: 32, sha256sum: 64, sha512sum: 128 } as const;
const compressions: Readonly<Record<string, string>> = { gz: 'gz', tgz: 'gz', xz: 'xz', txz: 'xz', bz2: 'bz2', zst: 'zstd', zip: 'zip' };
/** Levels of a block at which files can stand. */
const deepest = 6;

/** Files to download that cannot be downloaded, or not be read afterwards. */
export function filesAdvice(blocks: readonly Block[]): Finding[] {
  return blocks.filter(({ kind }) => kind === 'deploy').flatMap(({ block, path }) => filesBelow(block, path));
}

function filesBelow(value: unknown, path: Path, depth = 0): Finding[] {
  if (!isMapping(value) || depth > deepest) return [];
  const own = typeof value['url'] === 'string' ? fileAdvice(value['url'], value, path) : [];
  return [...own, ...Object.entries(value).flatMap(([key, item]) => filesBelow(item, [...path, key], depth + 1))];
}

function fileAdvice(url: string, file: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  const found: Finding[] = [];
  const at = [...path, 'url'];
  const scheme = /^([a-z][\w+.-]*):\/\//i.exec(url)?.[1];
  if (scheme === undefined) {
    if (!url.includes('{')) found.push({ path: at, code: 'wrong-url', message: `${quoted(url)} is no address: the job will fail when it runs`, hint: 'Write the whole address: https://host/path, or file:///path for a file of the worker.' });
  } else if (!schemes.includes(scheme.toLowerCase())) {
    found.push({ path: at, code: 'wrong-url', message: `LAVA cannot download from ${quoted(`${scheme}://`)}: the job will fail when it runs`, hint: scheme === 'lxc' ? 'Files of an earlier "to: downloads" block are at downloads://NAME.' : (didYouMean(scheme, schemes) ?? `Use one of: ${schemes.join(', ')}.`) });
  } else if (url.endsWith('/')) {
    found.push({ path: at, code: 'wrong-url', message: 'this address is one of a directory: the job will fail when it runs', hint: 'Add the name of the file.' });
  }
  const { compression } = file;
  const suffix = /\.(\w+)$/.exec(url.replace(/[?#].*$/, ''))?.[1] ?? '';
  const fits = Object.hasOwn(compressions, suffix) ? compressions[suffix] : undefined;
  if (typeof compression === 'string' && Object.values(compressions).includes(compression) && fits !== undefined && fits !== compression) found.push({ path: [...path, 'compression'], code: 'wrong-compression', message: `the name of the file ends with ".${suffix}", but "compression" is ${compression}`, hint: `Write "compression: ${fits}" if the name is right.` });
  for (const [key, length] of Object.entries(digits)) {
    const sum = file[key];
    if (typeof sum === 'string' && !new RegExp(`^[0-9a-f]{${length}}$`, 'i').test(sum)) found.push({ path: [...path, key], code: 'wrong-checksum', message: `"${key}" has ${length} hexadecimal digits, which ${quoted(sum)} has not: no file fits`, hint: `Copy the whole output of ${key}, without the name of the file.` });
  }
  return found;
}
