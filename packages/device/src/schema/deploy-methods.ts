import { bool, either, integer, list, mapping, required, text, type Schema } from '@lava/job';
import { command, flag, method, orEmpty, word } from './shapes.ts';

const fastbootCommands = mapping({ commands: list(text()) }, { about: 'commands that start fastboot in U-Boot' });

/** What the dispatcher reads below `actions.deploy.methods`, by the name of the method. */
export const deployMethods: Readonly<Record<string, Schema>> = {
  tftp: method('files are loaded by TFTP'),
  nbd: method('the root file system is a block device of the network'),
  nfs: method('the root file system is on NFS'),
  overlay: method('only the tests are deployed'),
  usb: method('an image is written to a USB disk'),
  sata: method('an image is written to a disk'),
  sd: method('an image is written to a card'),
  image: method('images of a virtual machine, or a program of a microcontroller', {
    parameters: orEmpty(mapping({ guest: mapping({ size: required(integer({ about: 'megabytes of the drive that carries the tests' })), interface: text(), driveid: text() }) })),
  }),
  ssh: method('a machine that is reached over ssh', {
    options: list(text()), host: word('the machine; empty: its address comes from the job'), port: integer(), user: text(), identity_file: text({ about: 'the key, on the worker' }),
  }),
  fastboot: method('partitions written with fastboot', { interrupt_prompt: text(), interrupt_string: word(), interrupt_character: word() }),
  'u-boot': method('U-Boot starts fastboot', {
    parameters: mapping({ bootloader_prompt: text(), interrupt_prompt: text(), interrupt_char: word(), fastboot: fastbootCommands }, { others: 'allow' }),
    interrupt_prompt: text(), interrupt_string: word(),
  }),
  'u-boot-ums': method('U-Boot shows its disk over USB'),
  'usbg-ms': method('the worker shows a disk over USB', { enable: list(text()), disable: list(text()) }),
  flasher: method('programs of the lab write the images', { commands: orEmpty({ ...list(command()), about: 'programs; {IMAGE} and the like become files' }) }),
  recovery: method('a mode in which the firmware can be written', {
    commands: mapping({ recovery_mode: orEmpty(command()), recovery_exit: orEmpty(command()) }), tags: list(text()),
  }),
  docker: method('containers', { options: mapping({ remote: word() }) }),
  fvp: method("Arm's models"),
  avh: method('Arm Virtual Hardware', { options: mapping({ model: word(), api_endpoint: word(), project_name: word() }) }),
  qdl: method("Qualcomm's emergency download mode"),
  uuu: method("NXP's uuu"),
  vemsd: method("the drive of Versatile Express's controller", {
    parameters: mapping({
      mcc_prompt: text(), autorun_prompt: text(), mcc_reset_msg: text(), interrupt_char: word(), msd_mount_cmd: text(),
      flash_prompt: text(), flash_enter_cmd: text(), flash_erase_cmd: text(), flash_erase_msg: text(), flash_exit_cmd: text(),
    }),
  }),
  mps: method("the drive of Arm's MPS boards", { parameters: mapping({ 'hard-reboot': bool(), 'reboot-string': either(text(), integer()) }) }),
  musca: method("the drive of Arm's Musca boards", { id_serial: word("the drive's name below /dev/disk/by-id") }),
  lxc: method('containers of LXC, which were removed'),
};

/** How files are prepared for the boot loader. */
export const deployParameters: Schema = mapping({
  add_header: { ...orEmpty(text()), about: 'the header of a RAM disk: u-boot' }, mkimage_arch: text({ about: "U-Boot's name of the architecture" }),
  append_dtb: flag('the device tree is appended to the kernel'), use_xip: flag('the kernel is run where it is loaded'), load_address: word(), dtb_extra: word(),
}, { about: 'how files are prepared for the boot loader' });
