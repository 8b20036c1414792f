import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkDevice, deviceTypeOf, listTemplates, renderDevice } from './index.ts';

const folder = fileURLToPath(new URL('../../../device-types', import.meta.url));
const types = listTemplates([folder]);
const devices = types.filter((type) => type !== 'base');

/** Boards that most labs have, by the names that people know. */
const wellKnown = {
  'the Raspberry Pi 3, 4 and 5': ['bcm2837-rpi-3-b', 'bcm2837-rpi-3-b-plus', 'bcm2711-rpi-4-b', 'bcm2712-rpi-5-b'],
  "TI's Beagles and kits": ['beaglebone-black', 'k3-am625-beagleplay', 'x15', 'k3-am625-sk', 'k3-am642-sk'],
  'ROCK Pi and ROCK 5': ['rk3399-rock-pi-4b', 'rk3588-rock-5b', 'rk3588-rock-5-itx', 'rk3576-rock-4d'],
  "NXP's i.MX8, 93 and 95": ['imx8mm-evk', 'imx8mn-evk', 'imx8mp-evk', 'imx8mq-evk', 'imx8qm-mek', 'imx93-11x11-evk', 'imx95-19x19-evk'],
  'Jetson': ['jetson-tk1', 'tegra234-3737-0000+3701-0000'],
  "Arm's and HiSilicon's": ['juno', 'fvp', 'n1sdp', 'hi6220-hikey', 'hi6220-hikey-r2', 'hi960-hikey'],
  "Qualcomm's DragonBoards and RBs": ['dragonboard-410c', 'dragonboard-820c', 'dragonboard-845c', 'qrb5165-rb5', 'qrb2210-rb1', 'qcs6490-rb3gen2'],
  'RISC-V': ['jh7110-starfive-visionfive-2', 'hifive-unleashed-a00', 'hifive-unmatched-a00', 'eic7700-hifive-premier-p550', 'spacemit-k1-bananapi-f3'],
  'STM32MP1': ['stm32mp157c-dk2', 'stm32mp157c-lxa-mc1', 'avenger96'],
  'ODROID, Khadas and Libre Computer': ['odroid-xu3', 'odroid-n2', 'meson-sm1-odroid-c4', 'meson-g12b-a311d-khadas-vim3', 'rk3399-khadas-edge-v', 'meson-gxl-s905x-libretech-cc', 'sun8i-h3-libretech-all-h3-cc'],
  "KernelCI's Chromebooks": ['acer-cbv514-1h-34uz-brya', 'hp-11A-G6-EE-grunt', 'hp-x360-14a-cb0001xx-zork', 'asus-cx9400-volteer', 'mt8183-kukui-jacuzzi-juniper-sku16', 'mt8195-cherry-tomato-r2', 'rk3399-gru-kevin', 'sc7180-trogdor-lazor-limozeen'],
  'PCs': ['x86', 'x86-intel-nuc', 'upsquare', 'aaeon-UPN-EHLX4RE-A10-0864', 'minnowboard-turbot-E3826'],
  'microcontrollers for Zephyr': ['frdm-k64f', 'frdm-kw41z', 'nucleo-l476rg', 'disco-l475-iot1', 'nrf52-nitrogen', 'arduino101', 'arduino-nano-33-ble', 'cc3220SF', 'mimxrt1170-evk', 'lpcxpresso55s69'],
};

describe('our device types', () => {
  it('are many', () => {
    expect(types.length).toBeGreaterThan(300);
  });

  it.each(devices)('%s gives a configuration of which there is nothing to say', (type) => {
    const dictionary = `{% extends '${type}.jinja2' %}\n{% set connection_command = 'telnet localhost 7001' %}\n{% set hard_reset_command = 'reset' %}\n{% set power_off_command = 'power' %}\n`;
    const { problems, configuration } = checkDevice({ name: 'board01', dictionary, lookup: [folder] });
    expect(problems).toEqual([]);
    expect(configuration).toMatchObject({ devicetype: type, commands: { connect: 'telnet localhost 7001' } });
  });

  it.each(Object.entries(wellKnown))('know %s', (_, names) => {
    expect(types).toEqual(expect.arrayContaining(names));
  });

  it('are boards of every family', () => {
    const ancestors = (type: string): string[] => {
      const parent = deviceTypeOf(readFileSync(`${folder}/${type}.jinja2`, 'utf8'));
      return parent === undefined ? [] : [parent, ...ancestors(parent)];
    };
    const boards = devices.filter((type) => !/^base-|-common$/.test(type));
    const of = (family: string): number => boards.filter((type) => type === family || ancestors(type).includes(family)).length;
    expect(boards.length).toBeGreaterThan(400);
    const families = ['base-uboot', 'base-barebox', 'base-depthcharge', 'base-grub', 'base-edk2', 'x86', 'base-fastboot', 'base-qdl', 'base-uboot-imx', 'base-mcu', 'vexpress', 'qemu', 'docker', 'ssh', 'fvp', 'avh'];
    expect(families.filter((family) => of(family) === 0)).toEqual([]);
  });

  it('say in a comment what they are, and extend one of ours', () => {
    for (const type of types) {
      const text = readFileSync(`${folder}/${type}.jinja2`, 'utf8');
      expect(text, type).toMatch(/^\{# \S/);
      if (type !== 'base') expect(types, type).toContain(deviceTypeOf(text));
      expect(text, `${type} has trailing blanks or tabs`).not.toMatch(/[ \t]\n|\t/);
    }
  });

  it('do not let a text of the dictionary change the structure around it', () => {
    const { configuration } = renderDevice({ name: 'b', lookup: [folder], dictionary: "{% extends 'base.jinja2' %}{% set kernel_start_message = 'a: \"b\" #c' %}{% block body %}actions: {deploy: {methods: }, boot: {connections: , methods: }}\n{% endblock %}" });
    expect((configuration['constants'] as Record<string, unknown>)['kernel-start-message']).toBe('a: "b" #c');
  });
});
