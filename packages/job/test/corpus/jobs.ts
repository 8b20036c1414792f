// Definitions as people write them, without any problem; `broken.txt` tells what each change to them must say.

const qemu = `job_name: first light
device_type: qemu
visibility: public
priority: medium
tags: [fast]
context: {arch: amd64}
metadata: {build: '1'}
timeouts:
  job: {minutes: 30}
  action: {minutes: 5}
  actions:
    http-download: {minutes: 10}
notify:
  criteria: {status: finished}
  recipients:
  - to: {method: email, email: a@example.org}
actions:
- deploy:
    to: tmpfs
    os: debian
    timeout: {minutes: 10}
    images:
      kernel: {url: 'https://files.example.org/vmlinuz', image_arg: '-kernel {kernel}'}
      rootfs: {url: 'https://files.example.org/rootfs.img.xz', compression: xz, image_arg: '-drive file={rootfs}'}
- boot:
    method: qemu
    media: tmpfs
    prompts: ['root@guest:~#']
    auto_login: {login_prompt: 'login:', username: root}
- test:
    timeout: {minutes: 10}
    definitions:
    - from: inline
      name: smoke
      path: inline/smoke.yaml
      repository:
        metadata: {format: Lava-Test Test Definition 1.0, name: smoke}
        run:
          steps:
          - lava-test-case boots --result pass
    - from: git
      name: ltp
      repository: https://example.org/tests.git
      path: ltp.yaml
      parameters: {SKIP: 'no'}
`;

const board = `# A board that loads everything over the network.
job_name: kernel of today
device_type: juno
visibility: {group: [kernel]}
priority: 70
timeouts:
  job: {hours: 1}
actions:
- deploy:
    to: tftp
    os: oe
    kernel:
      url: https://files.example.org/Image
      type: image
    dtb:
      url: https://files.example.org/juno.dtb
    nfsrootfs:
      url: https://files.example.org/rootfs.tar.xz
      compression: xz
- boot:
    method: u-boot
    commands: nfs
    prompts:
    - 'root@juno:'
- test:
    interactive:
    - name: network
      prompts: ['=> ']
      script:
      - command: dhcp
        name: dhcp
        successes:
        - message: 'DHCP client bound'
- test:
    monitors:
    - name: tests
      start: BEGIN
      end: END
      pattern: '(?P<test_case_id>\\w+) (?P<result>\\w+)'
- command:
    name: hard_reset
`;

const multinode = `job_name: two machines
visibility: public
timeouts:
  job: {minutes: 20}
protocols:
  lava-multinode:
    timeout: {minutes: 2}
    roles:
      server:
        device_type: qemu
        count: 1
        context: {arch: amd64}
      client:
        device_type: qemu
        count: 2
        essential: true
      guest:
        connection: ssh
        count: 1
        host_role: server
        expect_role: server
actions:
- deploy:
    role: [server, client, guest]
    to: overlay
- boot:
    role: [server, client, guest]
    method: minimal
    prompts: ['# ']
- test:
    role: [server, client]
    definitions:
    - {from: git, name: net, repository: 'https://example.org/tests.git', path: net.yaml}
`;

const definition = `metadata:
  format: Lava-Test Test Definition 1.0
  name: ltp
  description: tests of the kernel
  maintainer: [a@example.org]
  os: [debian]
  scope: [functional]
params:
  SKIP: 'no'
install:
  deps: [git]
  deps-debian: [curl]
  git-repos:
  - https://example.org/a.git
  - {url: 'https://example.org/b.git', branch: main, destination: b}
parse:
  pattern: '(?P<test_case_id>\\w+): (?P<result>\\w+)'
  fixupdict: {PASS: pass}
run:
  steps:
  - cd automated/linux/ltp
  - ./ltp.sh -s "\${SKIP}"
  - ../../utils/send-to-lava.sh ./output/result.txt
expected: [a]
`;

/** By the names that `broken.txt` uses. */
export const jobs: Readonly<Record<string, string>> = { qemu, board, multinode };
export const testDefinitions: Readonly<Record<string, string>> = { definition };
