import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { mappingAt } from '@lava/job';
import { dynamicData, overlayArchive } from '../pipeline/namespace-data.ts';
import { downloadsFolder } from '../fetch/downloads-source.ts';
import { shellQuote } from '../text/shell-text.ts';
import type { Action, ActionSpec, Parameters } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { checkDocker, containerImage, prepareImage } from './image.ts';
import { deviceDockerOptions, containerName, dockerRun, noteContainer, removeContainer } from './run-container.ts';

const inContainer = '/lava-downloads';

/** `download-postprocess-docker`: steps of the job that work on its downloads, in a container (`postprocess: docker:`). */
export function postprocessDocker(parameters: Parameters): ActionSpec {
  const block = mappingAt(parameters, 'postprocess', 'docker') ?? {};
  const steps = Array.isArray(block['steps']) ? block['steps'].map(asText) : [];
  let container: string | undefined;
  return {
    name: 'download-postprocess-docker',
    summary: 'Post-process downloaded artifacts with docker',
    description: 'Post-process downloaded artifacts with docker',
    async validate(a) {
      if (steps.length === 0) a.error('postprocessing steps missing');
      await checkDocker(a, deviceDockerOptions(a.job.device).global);
      containerImage(block, 'image');
    },
    async run(a) {
      const { global } = deviceDockerOptions(a.job.device);
      const image = containerImage(block, 'image');
      const folder = downloadsFolder(a.job, a.namespace);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'postprocess.sh'), script(a, steps), { mode: 0o755 });
      const archive = a.get(overlayArchive);
      if (archive !== undefined) await copyFile(archive, join(folder, basename(archive)));
      await prepareImage(a, image, global);
      const given = block['container_name'];
      container = given === undefined ? containerName(a, 'lava') : `${asText(given)}-lava-${a.job.id}`;
      await noteContainer(a.job, container, global);
      const listed = Array.isArray(block['devices']) ? block['devices'].map(asText) : [];
      await a.exec(dockerRun(a.job, {
        image: image.name, name: container, networkFrom: block['network_from'], workFolder: inContainer,
        devices: [...(existsSync('/dev/kvm') ? ['/dev/kvm'] : []), ...listed],
        mounts: [{ source: folder, destination: inContainer }], command: [`${inContainer}/postprocess.sh`],
      }), { errorMessage: 'Post-processing of downloads failed' });
      container = undefined;
    },
    async cleanup(a) {
      if (container !== undefined) await removeContainer(a, container, deviceDockerOptions(a.job.device).global);
      container = undefined;
    },
  };
}

function script(a: Action, steps: readonly string[]): string {
  const { definition, dispatcher, id, dispatcherIp } = a.job;
  const variables: Record<string, unknown> = {
    ...a.get(dynamicData), ...mappingAt(definition, 'environment'),
    LAVA_JOB_ID: id, LAVA_DISPATCHER_IP: dispatcherIp, LAVA_DISPATCHER_PREFIX: dispatcher['prefix'] ?? '',
    ...(dispatcher['http_url_format_string'] ? { HTTP_CACHE: dispatcher['http_url_format_string'] } : {}),
  };
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(asText(value))}`);
  return ['#!/bin/sh', 'exec 2>&1', 'set -ex', ...exports, ...steps, ''].join('\n');
}
