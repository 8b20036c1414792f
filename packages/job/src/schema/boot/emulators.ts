import { anyMapping, beyond, bool, list, literal, mapping, required, text } from '../schema.ts';
import { docker, dockerWithDevices } from '../common.ts';
import { bootMethod, prompts, shellKeys } from '../boot-keys.ts';

const serial = literal('serial');

/** Methods that start an emulator or a container. */
export const emulators = {
  qemu: bootMethod('qemu', {
    connection: serial,
    media: literal('tmpfs'),
    ...shellKeys,
    docker: docker('image', { binary: text({ about: 'the emulator in the container' }) }),
  }, 'QEMU on the worker'),
  'qemu-nfs': bootMethod('qemu-nfs', { connection: serial, media: beyond(text()), ...shellKeys }, 'QEMU with its root file system over NFS'),
  'qemu-iso': bootMethod('qemu-iso', { media: required(literal('img')), prompts, auto_login: shellKeys.auto_login }, 'an installation in QEMU, then the installed system'),
  monitor: bootMethod('monitor', {}, 'QEMU with a system that has no shell'),
  docker: bootMethod('docker', {
    command: required(text({ about: 'the command to run in the container' })),
    prompts,
    'downloads-namespace': text({ about: 'the namespace whose downloads the container sees' }),
  }, 'a container'),
  fvp: bootMethod('fvp', {
    docker: required(docker('name')),
    image: required(text({ about: 'the path of the model in the container' })),
    arguments: required(list(text(), { about: 'arguments of the model; {NAME} stands for a file' })),
    console_string: required(text({ about: 'a regular expression with the group PORT for where the console is' })),
    prompts: required(prompts),
    feedbacks: list(text(), { about: 'regular expressions with the groups PORT and NAME for further consoles' }),
    use_telnet: bool(), license_variable: text(), ubl_license: beyond(text()), version_string: text(), version_args: beyond(text()),
    environment: beyond(list(text())), erpc_app: beyond(text()), commands: beyond(list(text())),
    auto_login: shellKeys.auto_login, transfer_overlay: shellKeys.transfer_overlay,
  }, "one of Arm's Fixed Virtual Platforms"),
  avh: bootMethod('avh', { bootargs: mapping({ normal: text(), restore: text() }), docker: dockerWithDevices, prompts, auto_login: shellKeys.auto_login }, 'an Arm Virtual Hardware instance'),
  nodebooter: bootMethod('nodebooter', { command: required(text()), docker: dockerWithDevices, prompts, auto_login: shellKeys.auto_login, transfer_overlay: shellKeys.transfer_overlay, images: beyond(anyMapping()) }, 'a start by nodebooter'),
};
