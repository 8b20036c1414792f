import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, type Mapping } from '@lava/job';
import { appendOverlaysSpec } from '../overlay/append-overlays.ts';
import { lavaOverlaySpec, needsOverlay } from '../overlay/lava-overlay.ts';
import type { Action, ActionSpec, Parameters } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { asText } from '../text/as-text.ts';
import { addDownloaded } from '../pipeline/namespace-data.ts';
import { Transfer, transferName } from '../fetch/transfer.ts';

/** Where a file goes in the folder of the deployment. */
interface Place {
  readonly below?: string;
  readonly uniquify?: boolean;
  /** Neither this block nor a later one writes to the file as it lies there. */
  readonly reads?: boolean;
}

const texts = {
  'file-download': { summary: 'local file copy', description: 'copy a local file' },
  'http-download': { summary: 'http download', description: 'use http to download the file' },
  'scp-download': { summary: 'scp download', description: 'read the file over ssh' },
  'rclone-download': { summary: 'rclone download', description: 'read the file with rclone' },
  'pre-downloaded': { summary: 'use a file of an earlier block', description: 'take a file that a block of method downloads has fetched or made' },
} as const;

/** Downloads of a deploy block: they are checked and fetched side by side, and reported in their order. */
export class Downloads {
  readonly #transfers: { transfer: Transfer; place: string }[] = [];
  #folder = '';

  /**
   * `download-retry` for one url block, with its overlays.
   * @param place.below folder for it in that of the deployment
   * @param place.uniquify false: all files lie beside each other, not each in a folder of its own
   * @param place.reads true: it need not be a copy of that in the cache
   * @throws JobError for a block that cannot be fetched at all
   */
  spec(job: JobContext, parameters: Parameters, label: string, block: unknown, place: Place = {}): ActionSpec {
    if (label === '' || label === '.' || label === '..' || label.includes('/')) throw new JobError(`Invalid key '${label}'`, { code: 'download-key' });
    if (!isMapping(block) || typeof block['url'] !== 'string') throw new JobError(`Invalid deploy action: 'url' is missing for '${label}'`, { code: 'download-url' });
    const children = [this.#fetch(job, parameters, { label, block, place })];
    const overlays = block['overlays'];
    if (overlays !== undefined || block['format'] !== undefined) {
      if (!isMapping(overlays)) throw new JobError(overlays === undefined ? "Missing 'overlays' dictionary" : "'overlays' is not a dictionary", { code: 'overlays' });
      for (const [name, overlay] of Object.entries(overlays)) {
        if (name !== 'lava') children.push(this.spec(job, parameters, `${label}.${name}`, withoutFormat(overlay)));
      }
      if (overlays['lava'] === true && !needsOverlay(job, parameters)) children.push(lavaOverlaySpec(job, parameters, { name: 'lava-create-overlay' }));
      children.push(appendOverlaysSpec(label, block, overlays));
    }
    return { name: 'download-retry', summary: 'download-retry', description: 'download with retry', retry: true, timeoutError: 'Infrastructure', children };
  }

  #fetch(job: JobContext, parameters: Parameters, { label, block, place: { below = '', uniquify = true, reads = false } }: { label: string; block: Mapping; place: Place }): ActionSpec {
    // An archive is unpacked; overlays are put into the file itself.
    const archive = block['archive'] === 'tar';
    const transfer = new Transfer({ label, block, namespace: asText(parameters['namespace'] ?? 'common'), reads: archive || (reads && block['overlays'] === undefined) });
    const source = transfer.source(job);
    const name = transferName(source.url, transfer.undo);
    const place = join(below, uniquify ? label : '', name);
    this.#transfers.push({ transfer, place });
    const file = () => join(this.#folder, place);
    return {
      name: source.action,
      ...texts[source.action],
      timeoutError: 'Infrastructure',
      validate: (a) => transfer.validate(a),
      async run(a) {
        const { sums } = await transfer.run(a, file());
        if (archive) await unpack(a, file());
        const { image_arg: imageArg, compression } = block;
        addDownloaded(a, label, {
          // Of UEFI firmware QEMU wants the folder.
          file: archive || label === 'uefi' ? dirname(file()) : file(),
          ...(typeof imageArg === 'string' && { imageArg }),
          ...(typeof compression === 'string' && { compression }),
          decompressed: transfer.undo !== undefined,
          sha256: sums.sha256sum ?? '',
        });
      },
      cleanup: async (a) => {
        await transfer.cleanup();
        const own = uniquify ? dirname(file()) : file();
        if (this.#folder === '' || !existsSync(own)) return;
        a.log.debug(`Cleaning up download directory: ${own}`);
        await rm(own, { recursive: true, force: true });
      },
    };
  }

  /** Looks for all files at once; each action reports its own. For `validate` of the block's action. */
  check(a: Action): void {
    for (const { transfer } of this.#transfers) transfer.startCheck(a.job, a.signal);
  }

  /** Starts all transfers. For `run` of the block's action, before its children. */
  start(a: Action, folder: string): void {
    this.#folder = folder;
    for (const { transfer, place } of this.#transfers) transfer.start(a.job, join(folder, place), a.signal);
  }
}

/** An overlay's `format` says what it is itself, not what is done to it. */
function withoutFormat(overlay: unknown): unknown {
  return isMapping(overlay) ? Object.fromEntries(Object.entries(overlay).filter(([key]) => key !== 'format')) : overlay;
}

async function unpack(a: Action, file: string): Promise<void> {
  await a.exec(['tar', '-x', '-f', file, '-C', dirname(file)], { error: 'Job', errorMessage: `Unable to unpack '${file}'` });
  await rm(file);
}
