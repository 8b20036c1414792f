/** A place where our device types mean something else than upstream's release 2023.01 on purpose. */
export interface Difference {
  readonly path: RegExp;
  /** Which device types; all if left out. */
  readonly types?: RegExp;
  /** Which of the dictionaries; all if left out. */
  readonly dictionaries?: RegExp;
  /** True for the values that this difference explains; any if left out. */
  readonly explains?: (own: unknown, theirs: unknown) => boolean;
  readonly reason: string;
}

const onlyOurs = (own: unknown, theirs: unknown): boolean => theirs === undefined && own !== undefined;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const longer = (own: unknown, theirs: unknown): boolean => list(theirs).length > 0 && list(theirs).every((item) => list(own).includes(item));
const onlyTheirs = (own: unknown, theirs: unknown): boolean => own === undefined && theirs !== undefined;
const json = (value: unknown): string => JSON.stringify(value) ?? '';


/** Servers and boards that later releases have removed. */
const servers = /^(d02|d03|hip07-d05|overdrive|thunderx)$/;
const olderJuno = /^juno-(uboot|uefi)$/;

/** Commands that bring the network up, load by the commands in variables, and start. */
const junoStarts = /^(dhcp|bootp|setenv serverip .*|run load\w+|\{BOOTX\}|GO)$/;

/**
 * A value of upstream's without what is certainly a mistake: the line of kernel arguments for a start from USB lacks the
 * command that sets them, a baud rate stands there without a console, a USB device without a number has none instead of 0.
 * Blanks between arguments, and commands that clear the screen, mean nothing.
 */
export function corrected(path: string, value: unknown): unknown {
  if (!path.endsWith('/commands') || !Array.isArray(value)) return value;
  return value.filter((command) => command !== 'clear').map((command) => {
    if (typeof command !== 'string') return command as unknown;
    const usb = path.endsWith('/u-boot/usb/commands') && / root=\{ROOT\}/.test(command) && !command.startsWith('setenv') ? `setenv bootargs '${command}'` : command;
    return usb.replace(/(setenv bootargs ')\d+ /, '$1 ').replace(/^load usb :/, 'load usb 0:').replaceAll(/ {2,}/g, ' ').replace(/ ('?)$/, '$1');
  });
}

/** What the dictionaries of the comparison set; nothing else says so. */
const fromDictionary = /^0x[1-9]$|^1234$|^5678$|^B1$|ttyQ0|^PROMPT$|^stop$|^x$|^7$|quiet debug|,vers=3|^Linux$|^GO$|^bootp$|load fdt|\{(KERNEL|DTB)_ADDR\}|^usb reset now$|^bad$|^arm64$|^reboot$|^boot$|^rootfs$|^m$| -a 0x1 |(initrd|fdt)_high 0x[12]$|setenv ethaddr|^usb start$|^True$|^tftp it$|^go$|^net_bootp efinet1$|^insmod efinet$|^net_ls_addr$/i;

/** Ours has what the dictionary says where theirs has what the type says; all else is the same. */
function honoured(own: unknown, theirs: unknown): boolean {
  const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [value]).map((item) => (typeof item === 'object' ? json(item) : item));
  const said = (item: unknown): boolean => fromDictionary.test(typeof item === 'string' ? item : json(item));
  const mine = items(own).filter((item) => !items(theirs).includes(item));
  return (mine.length ? mine : items(own)).every(said);
}

export const differences: readonly Difference[] = [
  { path: /^(hostname|devicetype)$/, reason: 'quoted, so that a name of digits stays a text' },
  { path: /\/lxc$/, reason: 'LXC was removed in later releases' },
  { path: /^timeouts\/actions\/download-retry$/, reason: 'later releases wait longer for downloads' },
  { path: /\/error-messages$/, explains: longer, reason: 'later releases know more errors' },
  { path: /\/boot\/methods\/(grub|grub-efi)\/parameters\/bootloader_prompt$/, explains: onlyOurs, reason: 'later releases let U-Boot start GRUB' },
  { path: /\/boot\/methods\/minimal$/, explains: onlyOurs, reason: 'every machine can be left to start by itself, as in later releases' },
  { path: /^actions\/(deploy|boot)\/connections\/serial$/, explains: onlyOurs, reason: 'the dispatcher asks for it before it deploys or boots over ssh' },
  { path: /^actions\/deploy\/methods\/flasher\/commands$/, explains: onlyOurs, reason: 'flasher_deploy_commands work for every family' },
  { path: /^parameters\/dtb_base_resize$|\/dtbo$|\/apply_dtbo_commands$|\/additional_bcu_cleanup_commands$/, explains: onlyOurs, reason: 'later releases have them' },
  { path: /^parameters\/media\/usb\/[^/]+\/device_id$/, explains: (own) => own === 0, reason: 'a USB device without a number is device 0' },
  { path: /\/deploy\/methods\/u-boot\/parameters\/(bootloader|interrupt)_prompt$/, explains: (own, theirs) => theirs === '', reason: 'an empty prompt is always there: the dispatcher would not wait for U-Boot' },
  { path: /\/boot\/methods\/u-boot\/parameters\/(bootloader_prompt|interrupt_prompt|interrupt_char)$/, explains: onlyOurs, reason: 'boards written with fastboot may stop at U-Boot, as in later releases' },
  { path: /^(device_info|fastboot_serial_number|adb_serial_number|commands\/soft_reboot)$/, explains: (own, theirs) => json(own) === json(theirs).replaceAll("'0000000000'", '0000000000').replace('"Undefined"', /"0{8}"/.test(json(own)) ? '"00000000"' : '"0000000000"'), reason: 'the number that stands for "none" had quotes of its own, or was the word Undefined' },
  { path: /\/u-boot\/parameters\/lava_mac$/, explains: onlyOurs, reason: 'later releases fill {LAVA_MAC} for U-Boot too' },
  { path: /^actions\/deploy\/methods\/flasher\/commands$/, types: /^arduino-nano-33-ble$/, explains: (own, theirs) => theirs === null, reason: 'no commands are no way to write' },
  { path: /^(board_id|usb_vendor_id|usb_product_id)$/, explains: onlyOurs, reason: 'the dispatcher asks for them when it writes with DFU' },
  { path: /^actions\/deploy\/methods\/(sata|sd)$|^parameters\/media\/sata\//, types: /^(vexpress|juno|n1sdp|morello|tc2)$/, explains: onlyOurs, reason: 'disks of these boards are like those of others' },
  { path: /^actions\/deploy\/methods$/, types: /^(ava|base-edk2)$/, dictionaries: /^u-boot$/, reason: 'flasher_deploy_commands work for every family' },
  { path: /^(parameters|actions|character_delays|constants|commands|flash_cmds_order|usb_vendor_id|usb_product_id)/, explains: honoured, reason: 'a type says what holds if the dictionary is silent: some of upstream’s overrule it' },
  { path: /^timeouts\/connections\/uboot-commands$/, types: /^(vexpress|juno|n1sdp|morello|tc2)$/, explains: (own, theirs) => own === 240 && theirs === 4, reason: 'four minutes were meant' },
  { path: /^character_delays\/(deploy|test)$/, types: /^(vexpress|juno|n1sdp|morello)$/, explains: (own) => own === 30, reason: 'later releases type that slowly' },
  { path: /^character_delays\/deploy$/, types: /^tc2$/, explains: onlyOurs, reason: 'later releases type that slowly' },
  { path: /\/jlink\/parameters\/(options|processor|supported_core_types|erase_command|reset_command)$/, explains: (own, theirs) => theirs === undefined || json(theirs).replace(/"-device \S+",/, '') === json(own), reason: 'later releases name the processor apart from the options' },
  { path: /^actions\/test\/methods\/docker\//, types: /^frdm-k64f$/, explains: (own, theirs) => own === undefined && json(theirs) === '[null]', reason: 'an option that is nothing' },
  { path: /^(board_id|usb_vendor_id|usb_product_id|usb_sleep|device_info)$/, types: /^(arduino.*|stm32l562e-dk)$/, reason: 'a board has an identity, so that a container can get its USB device' },
  { path: /^usb_sleep$|\/connect_before_flash$|\/docker\/use$|\/deploy\/methods\/image(\/parameters)?$/, reason: 'every microcontroller understands the same variables' },
  { path: /^actions\/(deploy|boot)\/connections\/ssh$/, explains: onlyOurs, reason: 'every microcontroller has the same connections' },
  { path: /^timeouts\//, types: /^hp-x360-14-G1-sona$/, reason: 'it had none but one of its own, and could not be used' },
  { path: /^(flash_cmds_order|device_info)$/, explains: onlyOurs, reason: 'the dispatcher asks for it, also without a serial number' },
  { path: /^parameters\/(image|uimage|zimage|boot[imz])\//, types: /^(bcm2711-rpi-4-b|bcm2837-rpi-3-b|jetson-tk1|tegra124-common|meson-(axg|gx).*|meson-g12[ab]-(u200|a311d-khadas-vim3)|meson-sm1-odroid-c4)$/, reason: 'load addresses of later releases, which have room for larger kernels' },
  { path: /^timeouts\//, types: /^(d02|d03|hip07-d05|overdrive|thunderx|seco-c61|juno-uboot)$/, explains: onlyOurs, reason: 'its own timeouts had left out the defaults of all others' },
  { path: /^timeouts\/(actions|connections)\/(grub-main|auto-login|installer-wait|pdu-reboot|bootloader-(action|retry))$/, types: servers, explains: onlyTheirs, reason: 'timeouts of actions that there are no more, or of the whole for a wait on the console' },
  { path: /^actions\/deploy\/methods\/nbd$|\/grub\/(nbd|debian-install(er|ed))\/|\/grub\/parameters\/needs_interrupt$/, types: servers, explains: onlyOurs, reason: 'every machine that starts with GRUB has them' },
  { path: /\/grub\/parameters\/boot_message$/, types: servers, explains: onlyTheirs, reason: 'the constant kernel-start-message says it' },
  { path: /\/grub\/(ramdisk|nfs)\/commands$/, types: /^d03$/, explains: (own, theirs) => json(own) === json(theirs).replace('console=,', 'console=ttyS0,115200'), reason: 'the name of the console had been lost' },
  { path: /^actions\/(deploy\/methods\/ssh(\/|$)|boot\/methods\/ssh$|boot\/connections\/ssh$)/, explains: onlyOurs, reason: 'machines with GRUB can be reached over ssh, too' },
  { path: /^actions\/(deploy|boot)\/connections\/adb$|^actions\/deploy\/methods\/nfs$|^commands\/soft_reboot$/, types: /^hi6220-hikey$/, explains: onlyOurs, reason: 'what every board has that is written with fastboot' },
  { path: /\/grub-efi\/installed\/commands$/, types: /^hi6220-hikey$/, explains: (own, theirs) => json(own).replace('/boot/Image ', '/boot/ ').replace('/boot/hi6220-hikey.dtb"', '/boot/"') === json(theirs), reason: 'the names of kernel and device tree were not there' },
  { path: /^parameters\/pass$/, types: olderJuno, explains: onlyOurs, reason: 'stands where there are no disks' },
  { path: /^parameters\/image\//, types: olderJuno, explains: onlyOurs, reason: 'addresses are known by the type of the image, too' },
  { path: /^parameters\/media\/usb\//, types: olderJuno, explains: onlyTheirs, reason: 'a disk that the dictionary does not name has no number' },
  { path: /^parameters\/(media\/(sata|sd)|interfaces)\//, types: olderJuno, explains: onlyOurs, reason: 'disks and addresses of these boards are like those of others' },
  { path: /\/vemsd\/parameters\/mcc_reset_msg$/, types: olderJuno, explains: onlyOurs, reason: 'later releases wait for it' },
  { path: /^actions\/boot\/methods\/u-boot\/[\w-]+\/commands$/, types: /^juno-uboot$/, explains: (own, theirs) => json(list(own).filter((one) => !junoStarts.test(String(one)))) === json(list(theirs).filter((one) => !junoStarts.test(String(one)))), reason: 'nothing brought the network up, loaded what it had named, or started it' },
  { path: /^actions\/boot\/methods\/u-boot\/[\w-]+\/commands$/, types: /^juno-uboot$/, dictionaries: /^(media|console)$/, explains: (own) => /usb 2:|quiet debug/.test(json(own)), reason: 'the number of the USB disk and the arguments of the kernel were not taken from the dictionary' },
  { path: /^timeouts\//, types: /^juno-uboot$/, explains: (own, theirs) => theirs === undefined || own === undefined || Number(own) >= Number(theirs), reason: 'it waits as long as "juno" does' },
  { path: /\/uefi-menu\/parameters\/(label_class|boot_message)$/, types: /^(juno-uefi|mustang-grub-efi)$/, reason: 'a class of characters with its backslashes doubled, or none' },
  { path: /\/uefi-menu\/tftp$/, types: /^juno-uefi$/, explains: (own, theirs) => json(theirs).includes('{{ base_ip_args }}') && json(own).replace(/ nfsroot=.*? ip=[^"]*/, '') === json(theirs).replace(/ nfsroot=.*?\}\}/, ''), reason: 'the name of a variable stood where its value was meant' },
  { path: /\/grub-efi\/sata\/commands$/, types: /^mustang-grub-efi$/, explains: (own, theirs) => json(own) === json(theirs).replace('gpt1/', 'gpt1)/'), reason: 'a bracket was missing' },
  { path: /\/uefi-menu\/nfs$/, types: /^mustang-uefi$/, explains: (own, theirs) => json(own) === json(theirs).replace('LAVA NFS Test Image', '{TEST_MENU_NAME}'), reason: 'the entry has the name under which it was made' },
  { path: /\/boot\/methods\/uuu(\/options\/\w+)?$/, types: /^seco-c61$/, reason: 'uuu needs to be told where the board is' },
  { path: /^timeouts\//, types: /^seco-c61$/, explains: (own, theirs) => theirs !== undefined, reason: 'timeouts of a boot loader that LAVA does not see' },
  { path: /\/(qemu|qemu-nfs)\/parameters\/(command|boot_options\/(console|115200))$/, types: /^kvm$/, dictionaries: /./, reason: 'a job that names no architecture was not told so' },
  { path: /^available_architectures$|^actions\/deploy\/methods\/nfs$|\/boot\/methods\/qemu-nfs\//, types: /^kvm$/, explains: onlyOurs, reason: 'it is a kind of "qemu"' },
  { path: /^available_architectures$/, types: /^(qemu.*|kvm)$/, explains: longer, reason: 'later releases know more' },
  { path: /\/guest\/interface$/, types: /^(qemu.*|kvm)$/, reason: 'virtio, which every machine of later releases has' },
  { path: /\/boot_options\/(console|115200)$/, types: /^(qemu.*|kvm)$/, reason: 'the comma had split the value' },
];
