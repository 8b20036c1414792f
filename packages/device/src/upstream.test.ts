import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { corrected, differences, type Difference } from '../test/differences.ts';
import { dictionaryLines } from '../test/dictionaries.ts';
import { canCompare, renderFrom, renderUpstream, upstreamTypes as folder, type Outcome, type Render } from '../test/upstream.ts';
import { valuesByPath } from './compare.ts';
import { listTemplates } from './templates.ts';
import { renderDevice } from './render.ts';

const ours = fileURLToPath(new URL('../../../device-types', import.meta.url));

const context = { scheduled_device_name: 'board01', scheduled_device_type: 'qemu' };
const dictionary = (lines: string, given: Readonly<Record<string, unknown>> = { arch: 'amd64' }): Render => ({ source: `{% extends 'qemu.jinja2' %}\n${lines}`, context: { ...context, ...given } });

const dictionaries: readonly Render[] = [
  ...['arm64', 'arm', 'aarch64', 'amd64', 'x86_64', 'hppa', 'i386', 'mips', 'mipsel', 'mips64', 'ppc', 'ppc64', 'ppc64le', 'riscv64', 'riscv32', 'sparc', 'sparc64', 's390x', 'm68k', 'nios2', 'xtensa', 'sh4'].flatMap((arch) => [
    dictionary('', { arch }), dictionary('', { arch, no_kvm: true, cpu: 'CPU', machine: 'MACHINE', memory: 2048 }),
  ]),
  dictionary('', {}),
  dictionary("{% set mac_addr = '52:54:00:12:34:01' %}\n{% set memory = 256 %}\n{% set no_kvm = True %}\n{% set guestfs_interface = 'virtio' %}\n{% set guestfs_size = 64 %}"),
  dictionary('', { arch: 'amd64', model: 'model=e1000', netdevice: 'tap', monitor: 'stdio', vga: '-vga std', serial: '-serial stdio', guestfs_driveid: 'x', guestfs_size: 1 }),
  dictionary("{% set extra_options = ['-smp 2', '-device x'] %}"), dictionary('', { arch: 'arm64', extra_options: ['-smp', 'cpus=1'] }), dictionary('', { arch: 'amd64', extra_options: '-smp 2' }), dictionary('', { arch: 'amd64', extra_options: [] }),
  ...['no', 0, 1, false, ''].map((no_kvm) => dictionary('', { arch: 'amd64', no_kvm })),
  dictionary('', { arch: 'amd64', boot_root: '/dev/x', boot_console: 'ttyX', extra_nfsroot_args: ',vers=3', console_device: 'ttyS1' }),
  dictionary("{% set connection_command = 'telnet localhost 7001' %}{% set power_on_command = 'pdu on 1' %}{% set power_off_command = ['a', 'b'] %}{% set hard_reset_command = 'reset' %}{% set soft_reboot_command = 'reboot' %}{% set pre_power_command = 'pp' %}{% set pre_os_command = 'po' %}"),
  dictionary("{% set connection_list = ['uart0', 'uart1'] %}{% set connection_commands = {'uart0': 'telnet a 1', 'uart1': 'ssh x'} %}{% set connection_tags = {'uart0': ['primary', 'telnet']} %}{% set must_use_connection = 'uart0' %}"),
  dictionary("{% set user_commands = {'x': {'do': 'echo 1', 'undo': ['echo 2', 'e']}, 'y': {'do': 'z', 'undo': 'q'}} %}"), dictionary("{% set power_on_command = 'on 1' %}"),
  dictionary("{% set recovery_mode_command = 'rm' %}{% set recovery_exit_command = 're' %}{% set connection_command = 'c' %}"),
  dictionary('', { arch: 'amd64', boot_character_delay: 5, deploy_character_delay: 0, test_character_delay: 3 }),
  dictionary("{% set device_info = [{'board_id': '1'}] %}{% set static_info = [{'a': 'b'}] %}{% set storage_info = [{'SATA': '/dev/x'}] %}{% set environment = {'A': 'B c'} %}"),
  dictionary("{% set fastboot_serial_number = '123' %}"), dictionary("{% set fastboot_serial_number = '123' %}{% set flash_cmds_order = ['a'] %}"),
  dictionary("{% set sata_uuid = 'u' %}{% set sd_uuid = 's' %}{% set sd_label = 'sdl' %}{% set sd_device_id = 1 %}{% set usb_uuid = 'us' %}{% set usb_device_id = 0 %}"),
  dictionary("{% set sata_uuid = 'u' %}{% set uuid_required = False %}{% set sata_id = 3 %}{% set sata_interface = 'x' %}{% set boot_part = 2 %}"),
  dictionary("{% set device_ip = '1.2.3.4' %}{% set device_mac = 'aa:bb' %}"), dictionary("{% set device_ip = '1.2.3.4' %}"), dictionary("{% set device_mac = 'aa:bb' %}"),
  dictionary('', { arch: 'amd64', lava_test_sh_cmd: '/bin/bash', lava_test_results_dir: '/data/lava-%s', lava_test_shell_file: '/x', kernel_start_message: 'ksm', shutdown_message: 'sd', default_shell_prompt: 'dsp', spawn_maxread: 100, failure_retry: 3, boot_retry: 4 }),
  dictionary('', { arch: 'amd64', kernel_start_message: '', uboot_extra_error_message: 'extra', interrupt_ctrl_list: ['c'], uboot_autoboot_prompt: 'p', uboot_interrupt_character: 'x', uboot_interrupt_newline: false, uboot_final_message: 'f' }),
  dictionary("{% set uboot_error_messages = ['a', 'b'] %}{% set dfu_download = 'dd' %}{% set depthcharge_final_message = 'x' %}{% set depthcharge_error_messages = ['e'] %}{% set depthcharge_extra_error_message = 'y' %}"),
  dictionary('', { arch: 'amd64', grub_autoboot_prompt: 'x', grub_interrupt_character: 'e', grub_interrupt_newline: true, ipxe_autoboot_prompt: 'i', ipxe_interrupt_ctrl_list: ['z'], barebox_autoboot_prompt: 'x', barebox_interrupt_character: 'e', barebox_final_message: 'm' }),
  dictionary('', { arch: 'amd64', action_timeout_lava_test_shell: 9, action_timeout_auto_login: 8, connection_timeout_feedback: 7, action_timeout_http_download: 6, action_timeout_u_boot_interrupt: 5, action_timeout_boot_qemu_image: 1, action_timeout_power_off: 99 }),
  dictionary("{% block qemu_options %}          options: ['-m 1']\n{% endblock %}"), dictionary('{% block body %}{% endblock %}'), dictionary('{% block timeouts %}timeouts: {actions: {}, connections: {}}{% endblock %}'),
];

const used = new Set<Difference>();

/** Paths at which ours differs from upstream's, but for the differences that are meant. */
function wrong(type: string, dictionary: string, own: Outcome, theirs: Outcome): unknown[] {
  if (!('text' in theirs)) return [];
  if (!('text' in own)) return [{ type, dictionary, error: own.error }];
  const [a, b] = [valuesByPath(loadYaml(own.text)), valuesByPath(loadYaml(theirs.text))];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((path) => {
    const [x, y] = [corrected(path, a.get(path)), corrected(path, b.get(path))];
    if (a.has(path) === b.has(path) && JSON.stringify(x) === JSON.stringify(y)) return [];
    // The order of machine and processor means nothing.
    if (path.endsWith('/options') && Array.isArray(x) && Array.isArray(y) && [...x].sort().join('\n') === [...y].sort().join('\n')) return [];
    const meant = differences.filter((one) => one.path.test(path) && (one.types?.test(type) ?? true) && (one.dictionaries?.test(dictionary) ?? true) && (one.explains?.(x, y) ?? true));
    for (const one of meant) used.add(one);
    return meant.length ? [] : [{ type, dictionary, path, own: x, theirs: y }];
  });
}

describe.skipIf(!canCompare)("upstream's device types (needs the package lava-server, or LAVA_UPSTREAM_DEVICE_TYPES, and python3-jinja2)", () => {
  it('all render character for character as with CPython', () => {
    const types = readdirSync(folder as string).filter((name) => name.endsWith('.jinja2'));
    const cases = types.flatMap((type) => [
      { source: `{% extends '${type}' %}\n`, context },
      { source: `{% extends '${type}' %}\n{% set connection_command = 'telnet localhost 7001' %}\n{% set power_on_command = ['a', 1] %}\n`, context: { ...context, arch: 'arm64', extra_kernel_args: 'quiet', boot_character_delay: 7 } },
    ]);
    const expected = renderUpstream(cases);
    const different = cases.filter((one, i) => {
      const [a, b] = [renderFrom(one, folder as string), expected[i] as Outcome];
      return 'text' in a && 'text' in b ? a.text !== b.text : 'text' in a || 'text' in b;
    });
    expect(different.map((one) => one.source)).toEqual([]);
    expect(types.length).toBeGreaterThan(0);
  });

  it('nearly all give a configuration that loads and passes the checks', () => {
    const types = readdirSync(folder as string).filter((name) => name.endsWith('.jinja2') && name !== 'base.jinja2');
    const refused = types.filter((type) => {
      try {
        renderDevice({ name: 'board', dictionary: `{% extends '${type}' %}\n{% set connection_command = 'telnet localhost 7001' %}`, lookup: [folder as string] });
        return false;
      } catch {
        return true;
      }
    });
    // One is known to lack timeouts.connections.
    expect(refused.length).toBeLessThanOrEqual(1);
  });

  it("our qemu means what upstream's does, key by key", () => {
    const expected = renderUpstream(dictionaries);
    expect(dictionaries.flatMap((one, i) => wrong('qemu', one.source, renderFrom(one, ours), expected[i] as Outcome))).toEqual([]);
  });

  const theirs = folder === undefined ? [] : listTemplates([folder]);
  const shared = listTemplates([ours]).filter((type) => type !== 'base' && theirs.includes(type));

  it.each(Object.entries(dictionaryLines))("our types mean what upstream's of the same name do, key by key: %s", (name, lines) => {
    const cases = shared.map((type): Render => ({ source: `{% extends '${type}.jinja2' %}\n${lines}`, context: { scheduled_device_name: 'board01', scheduled_device_type: type } }));
    const expected = renderUpstream(cases);
    const found = cases.flatMap((one, i) => wrong(shared[i] as string, name, renderFrom(one, ours), expected[i] as Outcome));
    expect(found.slice(0, 20), `${found.length} differences`).toEqual([]);
  });

  it('every difference that is listed exists', () => {
    expect(differences.filter((one) => !used.has(one)).map((one) => one.reason)).toEqual([]);
  });

  it('are nearly all there', () => {
    expect(shared.length).toBeGreaterThan(280);
  });
});
