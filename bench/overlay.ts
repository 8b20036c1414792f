import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { project } from '@lava/testbed';
import { downloadedFiles, overlayFolder } from '../packages/dispatcher/src/pipeline/namespace-data.ts';
import { appendOverlaysSpec } from '../packages/dispatcher/src/overlay/append-overlays.ts';
import { lavaOverlaySpec } from '../packages/dispatcher/src/overlay/lava-overlay.ts';
import { readBlocks, testNeeds } from '../packages/dispatcher/src/build-pipeline.ts';
import { runTestAction, testAction } from '../packages/dispatcher/src/testing/test-action.ts';

// LAVA's files for two tests put into an ext4 image of 1 GB that is two thirds full of real files, without mounting it: the
// action of a deploy block as it is, with a warm file, as after a download. Also the making of the overlay.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }

const rounds = 9;
const megabytes = 650;

/** The image, made once. */
function data(): string {
  const image = join(project, '.cache/bench-overlay/root.ext4');
  if (existsSync(image)) return image;
  const root = `${image}.root`;
  mkdirSync(root, { recursive: true });
  // Whole files, one after the other, until there are enough.
  execFileSync('bash', ['-c', `tar -C / --sort=name --one-file-system -c usr/lib usr/share 2>/dev/null | head -c ${megabytes}M | tar -C '${root}' -x 2>/dev/null || true`]);
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', root, `${image}.new`, '1G']);
  rmSync(root, { recursive: true });
  renameSync(`${image}.new`, image);
  return image;
}

const steps = ['uname -a', 'lava-test-case one --shell true'];
const definition = {
  timeouts: { job: { minutes: 5 }, action: { minutes: 2 } },
  actions: [{
    test: {
      timeout: { minutes: 2 },
      definitions: ['first', 'second'].map((name) => ({
        name, from: 'inline', path: `${name}.yaml`,
        repository: { metadata: { format: 'Lava-Test Test Definition 1.0', name, description: name }, run: { steps } },
      })),
    },
  }],
};
const device = { constants: { posix: { lava_test_results_dir: '/lava-%s', lava_test_sh_cmd: '/bin/sh' } } };

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

export async function run(): Promise<Row[]> {
  const image = data();
  const folder = mkdtempSync(join(dirname(image), 'run-'));
  const making: number[] = [];
  const putting: number[] = [];
  try {
    let bytes = 0;
    for (let n = 0; n < rounds; n += 1) {
      const own = mkdtempSync(join(folder, 'job-'));
      const copy = join(own, 'root.ext4');
      execFileSync('cp', ['--sparse=always', image, copy]);
      const job = { ...testAction(own).job, id: '4212', device, definition, exactDefinition: definition, tests: testNeeds(readBlocks(definition)) };
      const make = testAction(own, { spec: lavaOverlaySpec(job, { os: 'debian' }), context: job });
      making.push(await milliseconds(() => runTestAction(make)));
      const overlays = { lava: true };
      const put = testAction(own, { spec: appendOverlaysSpec('rootfs', { format: 'ext4', overlays }, overlays), context: job });
      const overlay = make.get(overlayFolder);
      if (overlay === undefined) throw new Error('no overlay was made');
      put.set(overlayFolder, overlay);
      put.set(downloadedFiles, new Map([['rootfs', { file: copy, decompressed: false, sha256: '' }]]));
      putting.push(await milliseconds(() => runTestAction(put)));
      const listed = execFileSync('debugfs', ['-R', 'ls -p /lava-4212/bin', copy], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      if (!listed.includes('lava-test-case')) throw new Error('the overlay is not in the image');
      bytes = statSync(copy).size;
      rmSync(own, { recursive: true });
    }
    return [
      { name: `overlay into an ext4 image of ${(bytes / 2 ** 30).toFixed(0)} GB (p50 of ${rounds})`, value: median(putting).toFixed(0), unit: 'ms', goal: '≤ 300' },
      { name: 'the slowest of them', value: Math.max(...putting).toFixed(0), unit: 'ms' },
      { name: `making the overlay of two tests (p50 of ${rounds})`, value: median(making).toFixed(0), unit: 'ms' },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
