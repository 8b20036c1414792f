import { beyond, bool, eitherMeant, list, mapping, record, required, text } from '../schema.ts';
import { docker, dockerImage } from '../common.ts';
import { deployMethod, file, files, uniquify } from '../download.ts';

const steps = required(list(text(), { about: 'shell commands that work on the downloaded files' }));

/** Deployments whose files stay on the worker, for containers and for whatever flashes later. */
export const workers = {
  docker: deployMethod('docker', {
    image: required(eitherMeant((value) => (typeof value === 'object' ? 1 : 0), dockerImage, docker('name'))),
  }, { about: 'a Docker image' }),
  download: deployMethod('download', { images: files(), uniquify: beyond(uniquify) }, { about: 'files for later blocks' }),
  downloads: deployMethod('downloads', {
    images: files(),
    uniquify: beyond(uniquify),
    postprocess: mapping({ docker: required(docker('image', { steps, devices: beyond(list(text())) })) }, { about: 'what to do with the files before they are used' }),
  }, { about: 'files for later blocks, which find them at downloads://NAME' }),
  flasher: deployMethod('flasher', {
    images: required(record(file({ download: beyond(bool('false: hand the address to the command')) }), { about: 'the files to download, by name' })),
    uniquify: beyond(uniquify),
  }, { about: "files for the commands in the device's configuration" }),
  recovery: deployMethod('recovery', { images: files() }, { about: 'files for a board in its recovery mode' }),
};
