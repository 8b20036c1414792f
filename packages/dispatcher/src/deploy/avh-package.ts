import { copyFile, lstat, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JobError } from '@lava/base';
import type { Mapping } from '@lava/job';
import { injectIntoExt4 } from '../overlay/ext4.ts';
import { asText } from '../text/as-text.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { downloadedFiles, overlayFolder } from '../pipeline/namespace-data.ts';

/** Names of files in a firmware package of Arm Virtual Hardware, by the label of the image. */
export const packageNames: Readonly<Record<string, string>> = { kernel: 'kernel', dtb: 'devicetree', rootfs: 'nand' };

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Makes a package of the images that were downloaded. @returns its file */
export async function packFirmware(a: Action, { folder, name, model }: { folder: string; name: string; model: string }): Promise<string> {
  const content = join(folder, 'package');
  await mkdir(content, { recursive: true });
  const facts = { Type: 'iot', UniqueIdentifier: name, DeviceIdentifier: model, Version: a.level, Build: a.job.id };
  const entries = Object.entries(facts).map(([key, value]) => `  <key>${key}</key>\n  <string>${escaped(value)}</string>`).join('\n');
  await writeFile(join(content, 'Info.plist'), `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n${entries}\n</dict>\n</plist>\n`);
  for (const [label, { file }] of a.get(downloadedFiles) ?? []) {
    const target = packageNames[label];
    if (target !== undefined) await copyFile(file, join(content, target));
  }
  const file = join(folder, `${name}.zip`);
  await pack(a, content, file);
  return file;
}

const pack = (a: Action, content: string, file: string) => a.exec(['bsdtar', '--format=zip', '-c', '-f', file, '-C', content, '.'], { error: 'Infrastructure', errorMessage: `Unable to pack the firmware into '${file}'` });

/** `apply-overlay-avh`: puts the overlay into the root file system of a package that came ready. */
export function applyOverlayAvh(block: Mapping): ActionSpec {
  return {
    name: 'apply-overlay-avh',
    summary: 'apply overlay to avh storage file',
    description: "put the files of the tests into the package's root file system",
    timeoutError: 'Infrastructure',
    async run(a) {
      const from = a.get(overlayFolder);
      const file = a.get(downloadedFiles)?.get('fw_package')?.file;
      if (from === undefined || file === undefined) return a.log.debug('No overlay to apply');
      const content = await a.makeFolder();
      await a.exec(['bsdtar', '-x', '-f', file, '-C', content], { errorMessage: `Unable to unpack '${file}'`, code: 'recovery-image' });
      const name = asText(block['storage_file']);
      // No name leads out of the package.
      const image = join(content, join('/', name));
      const found = await lstat(image).catch(() => undefined);
      if (!found?.isFile()) throw new JobError(`The firmware package has no file '${name}'`, { code: 'flash-image-missing', hint: "'storage_file' of 'fw_package' names the file in the package that holds the root file system." });
      await injectIntoExt4(a, { image, partition: block['root_partition'] }, [{ from, at: '/' }], (path) => a.log.warning(`'/${path}' is neither file nor folder nor link: left out`));
      await pack(a, content, `${file}.new`);
      await rename(`${file}.new`, file);
    },
  };
}
