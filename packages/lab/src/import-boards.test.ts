import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkLab, emptyLab, importBoards, readLab, writeLab } from './index.ts';

const ours = [fileURLToPath(new URL('../../../device-types', import.meta.url))];

const boards = `
masters:
- name: master1
  host: local
  webinterface_port: 10080
  users:
  - {name: admin, token: verysecret, password: alsosecret, superuser: yes, staff: true, email: a@example.org, groups: [{name: lab}]}
  groups: [{name: others, submitter: true}]
  slaveenv:
  - name: Lab-Slave-1
    env: ['http_proxy: http://proxy:3128']
slaves:
- {name: lab-slave-0, host: rack, remote_master: master1, remote_user: admin, dispatcher_ip: 192.0.2.1, tags: [rack], default_slave: yes}
- {name: Lab-Slave-1, remote_master: master1, remote_user: admin}
boards:
- {name: qemu-01, type: qemu}
- {name: qemu-02, type: qemu, kvm: true, slave: Lab-Slave-1, aliases: [virt], user: admin}
- name: bbb-01
  type: beaglebone-black
  tags: [hdmi]
  group: lab
  pdu_generic:
    hard_reset_command: pdu -p '3' reset
    power_off_command: pdu off 3
    power_on_command: pdu on 3
  uart: {idvendor: 0x0403, idproduct: 0x6001, serial: AK04TU1X}
  uboot_ipaddr: 192.0.2.7
  uboot_macaddr: 00:11:22:33:44:55
  custom_option:
  - set bootloader_prompt = "=>"
  raw_custom_option:
  - "{% set usb_sleep = 5 %}"
- {name: bbb-02, type: beaglebone-black, aliases: [bbb], uart: {idvendor: 0x0403, idproduct: 0x6001, devpath: "1.5", baud: 9600}, custom_option: "set usb_sleep = 6\\n"}
- {name: bbb-03, type: beaglebone-black, connection_command: conmux bbb-03}
- {name: bbb-04, type: beaglebone-black, uart: {idvendor: 0x0403, idproduct: 0x6001, worker: lab-slave-1}}
`;

test('a boards.yaml becomes a lab whose devices can be used', async () => {
  const { lab, problems, notes } = importBoards(boards);
  expect(problems).toEqual([]);
  const dictionary = (name: string) => lab!.devices.get(name)!['dictionary'];
  expect(dictionary('qemu-01')).toBe("{% extends 'qemu.jinja2' %}\n{% set no_kvm = True %}\n");
  expect(dictionary('qemu-02')).toBe("{% extends 'qemu.jinja2' %}\n");
  expect(dictionary('bbb-01')).toBe(`{% extends 'beaglebone-black.jinja2' %}
{% set hard_reset_command = "pdu -p '3' reset" %}
{% set power_off_command = 'pdu off 3' %}
{% set power_on_command = 'pdu on 3' %}
{% set connection_command = 'telnet 127.0.0.1 63001' %}
{% set uboot_ipaddr_cmd = 'setenv ipaddr 192.0.2.7' %}
{% set uboot_set_mac = True %}
{% set uboot_mac_addr = '00:11:22:33:44:55' %}
{% set bootloader_prompt = "=>" %}
{% set usb_sleep = 5 %}
`);
  expect(dictionary('bbb-02')).toContain("telnet 127.0.0.1 63002' %}\n{% set usb_sleep = 6 %}\n");
  expect(dictionary('bbb-03')).toContain("connection_command = 'conmux bbb-03'");
  expect(dictionary('bbb-04')).toContain("'telnet lab-slave-1 63001'");
  expect(lab!.devices.get('bbb-01')).toMatchObject({ worker: 'lab-slave-0', tags: ['hdmi', 'rack'], physical_group: 'lab' });
  expect(lab!.devices.get('qemu-02')).toMatchObject({ worker: 'lab-slave-1', tags: [], physical_owner: 'admin' });
  expect(lab!.device_types.get('beaglebone-black')).toEqual({ aliases: ['bbb'] });
  expect(lab!.users.get('admin')).toEqual({ email: 'a@example.org', is_superuser: true, is_staff: true, groups: ['lab'] });
  expect([...lab!.groups.keys()]).toEqual(['others', 'lab']);
  expect(lab!.workers.get('lab-slave-0')).toEqual({ description: 'LAVA dispatcher on rack', dispatcher: 'dispatcher_ip: 192.0.2.1\n' });
  expect(lab!.workers.get('lab-slave-1')).toMatchObject({ env: 'overrides:\n  http_proxy: http://proxy:3128\n' });
  expect(notes).toEqual([
    expect.stringContaining('no passwords and no tokens'),
    'ser2net on lab-slave-0 must serve:',
    '  63001  /dev/bbb-01 at 115200 baud (USB 0403:6001, serial AK04TU1X)',
    '  63002  /dev/bbb-02 at 9600 baud (USB 0403:6001, devpath 1.5)',
    'ser2net on lab-slave-1 must serve:',
    '  63001  /dev/bbb-04 at 115200 baud (USB 0403:6001)',
  ]);

  const text = writeLab(lab!, { comment: notes });
  expect(text).not.toContain('secret');
  const read = readLab(text);
  expect([...read.problems, ...await checkLab(read.lab!, emptyLab(), read.places, ours)]).toEqual([]);
});

test('what is wrong is told with its place; keys that nobody knows are only told', () => {
  const { lab, problems } = importBoards('slaves: [{name: a}, {name: b}]\nboards:\n- {name: x, type: qemu, slav: a}\n- {nam: y, type: qemu, user: u, group: g}\n');
  expect(lab).toBeUndefined();
  expect(problems.map((p) => `${p.severity} ${p.line} ${p.code}`)).toEqual(['error 4 missing-key', 'error 4 exclusive-keys', 'warning 3 unknown-key', 'warning 4 unknown-key']);
  expect(importBoards('slaves: [{name: a}, {name: b}]\nboards: [{name: x, type: qemu}]').problems).toMatchObject([{ code: 'lab-unknown', message: 'the board x is on lab-slave-0, but there is no slave of this name' }]);
});
