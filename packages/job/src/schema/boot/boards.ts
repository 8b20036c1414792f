import { beyond, bool, either, list, literal, mapping, oneOf, record, required, text, withKeys } from '../schema.ts';
import { dockerWithDevices } from '../common.ts';
import { bootMethod, prompts, shellKeys, useBootscript } from '../boot-keys.ts';

const flash = (method: string, tool: string) => bootMethod(method, { prompts: beyond(prompts) }, `the board's memory written with ${tool}`);

/** Methods that flash a board and start it. */
export const flashers = {
  'cmsis-dap': flash('cmsis-dap', 'CMSIS-DAP'), dfu: flash('dfu', 'dfu-util'), openocd: flash('openocd', 'OpenOCD'), pyocd: flash('pyocd', 'pyOCD'),
  jlink: withKeys(flash('jlink', 'J-Link'), { commands: beyond(list(text())) }),
  gdb: bootMethod('gdb', { commands: required(text({ about: "the name of commands in the device's configuration" })), container: text({ about: 'the Docker image to run gdb in' }) }, 'a program loaded with gdb'),
  musca: bootMethod('musca', { prompts }, 'a Musca board'),
  qdl: bootMethod('qdl', {
    firehose_program: text(), rawprogram: text(), patch: text(), path: text(), storage: text(), debug: bool(),
    prompts, auto_login: shellKeys.auto_login, transfer_overlay: shellKeys.transfer_overlay,
  }, "images written with Qualcomm's emergency download"),
  uuu: bootMethod('uuu', {
    commands: required({ ...either(text(), list(record(text()))), about: 'a list of {PROTOCOL: command}' }),
    docker: dockerWithDevices, skip_uuu_if_bootloader_valid: beyond(bool()),
  }, "commands for NXP's uuu"),
};

/** Methods that start or reach a system in other ways. */
export const others = {
  minimal: bootMethod('minimal', {
    ...shellKeys,
    reset: bool('false: leave the device as it is'),
    pre_power_command: bool('run this command of the device first'),
    pre_os_command: bool('run this command of the device first'),
  }, 'power on and sign in, no more'),
  fastboot: bootMethod('fastboot', {
    commands: list(text(), { about: 'commands for fastboot' }), use_bootscript: useBootscript, ...shellKeys, docker: dockerWithDevices,
  }, 'a board that is started with fastboot'),
  new_connection: bootMethod('new_connection', { connection: required(text({ about: "the name of a connection in the device's configuration" })), ...shellKeys }, 'one more connection to the device'),
  ssh: bootMethod('ssh', {
    connection: required(literal('ssh')), prompts,
    parameters: mapping({ hostID: text(), host_key: text() }, { about: 'where the address of the host comes from' }),
    auto_login: beyond(shellKeys.auto_login),
  }, 'a session over ssh'),
  schroot: bootMethod('schroot', { connection: required(literal('ssh')), schroot: required(text({ about: 'the name of the schroot' })), prompts }, 'a schroot on the device'),
  recovery: bootMethod('recovery', { commands: required(oneOf('recovery', 'exit')) }, 'into the recovery mode of the board, or out of it'),
};
