/** What QEMU prints when it gives up at once, and what the reader can do. The first that fits counts. */
const troubles: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/failed to initialize kvm|Could not access KVM|CPU model 'host' requires KVM/i, () =>
    "KVM cannot be used on this worker. Set 'no_kvm' to True in the device dictionary, or give the worker access to /dev/kvm."],
  [/(-\S+): invalid option/, ([, option]) =>
    `This QEMU does not know the option '${option}'. Look at 'image_arg' in the job and at the options of the device dictionary.`],
  [/(?:could not open kernel file|could not load kernel|could not load PC BIOS|error reading initrd|could not open) ['"]?([^\s'":]+)/i, ([, file]) =>
    `QEMU cannot read '${file}'. Look at 'image_arg' in the job: it must name the deployed file by its label, as '{kernel}'.`],
  [/Image is not in (\w+) format/, ([, format]) => `The image is not in the format '${format}' that 'image_arg' says.`],
  [/unable to find CPU model '([^']*)'|'([^']*)' is not a valid device model name|unsupported machine type/, () =>
    'This QEMU does not know the CPU, the machine or the device that the options ask for. Look at the device dictionary and the job context.'],
  [/cannot set up guest memory/, () => "The worker has not enough memory for the guest. Lower 'memory' in the job context or the device dictionary."],
  [/Address already in use|Could not set up host forwarding rule/, () => 'A network port that the options ask for is in use on the worker.'],
];

/** The likely cause of QEMU's early end, by what it printed; undefined when that is not plain. */
export function qemuTrouble(output: string): string | undefined {
  for (const [pattern, advice] of troubles) {
    const match = pattern.exec(output);
    if (match) return advice(match);
  }
  return undefined;
}
