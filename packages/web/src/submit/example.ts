/** A definition to start from; the addresses are the only things to fill in. */
export const example = `job_name: first boot
device_type: qemu
visibility: public
priority: medium
timeouts:
  job:
    minutes: 10
  action:
    minutes: 5

context:
  arch: amd64

actions:
- deploy:
    to: tmpfs
    images:
      kernel:
        url: https://example.com/vmlinuz
        image_arg: -kernel {kernel} -append "console=ttyS0"
      ramdisk:
        url: https://example.com/initrd.cpio.gz
        image_arg: -initrd {ramdisk}

- boot:
    method: qemu
    media: tmpfs
    prompts:
    - 'root@'

- test:
    definitions:
    - from: inline
      name: smoke
      path: inline/smoke.yaml
      repository:
        metadata:
          format: Lava-Test Test Definition 1.0
          name: smoke
        run:
          steps:
          - lava-test-case uname --shell uname -a
          - lava-test-case memory --result pass --measurement 512 --units MB
`;

/** A test definition as it stands in a repository. */
export const testExample = `metadata:
  format: Lava-Test Test Definition 1.0
  name: smoke
  description: What every board must be able to do

params:
  SIZE: '64'

run:
  steps:
  - lava-test-case uname --shell uname -a
  - lava-test-set start memory
  - lava-test-case allocate --shell ./allocate.sh $SIZE
  - lava-test-set stop memory
`;
