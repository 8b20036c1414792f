import { any, bool, list, mapping, oneOf, required, text, type Rule } from './schema.ts';
import { methodBlock, textOrList } from './common.ts';
import { dockerBlock } from './deploy.ts';

const passwordPair: Rule = (login, report) => {
  if (Object.hasOwn(login, 'password_prompt') && !Object.hasOwn(login, 'password')) {
    report({ path: ['password_prompt'], part: 'key', code: 'missing-key', message: '"password" is mandatory if "password_prompt" is used in "auto_login"' });
  }
};

const autoLogin = mapping({
  login_prompt: required(text({ min: 1, about: 'a regular expression for the prompt that asks for the user name' })),
  username: required(text()),
  password_prompt: text(),
  password: text(),
  login_commands: list(text(), { min: 1 }),
}, { rules: [passwordPair] });

const transferOverlay = mapping({
  download_command: text(),
  unpack_command: required(text()),
  transfer_method: oneOf('http', 'nfs', 'zmodem'),
});

const emptyPrompts: Rule = (block, report) => {
  const prompts = block['prompts'];
  if (prompts === '' || (Array.isArray(prompts) && prompts.length === 0)) report({ path: ['prompts'], code: 'too-short', message: '"prompts" must not be empty', hint: 'Give a regular expression that matches the prompt of the shell.' });
  if (Array.isArray(prompts)) for (const [i, p] of prompts.entries()) if (p === '') report({ path: ['prompts', i], code: 'too-short', message: `entry ${i + 1} of "prompts" must not be empty` });
};

const everyBoot = {
  prompts: textOrList,
  auto_login: autoLogin,
  transfer_overlay: transferOverlay,
  parameters: mapping({ 'bootloader-final-message': text(), 'kernel-start-message': text(), 'shutdown-message': text() }, { others: 'allow' }),
  soft_reboot: textOrList,
  ignore_kernel_messages: bool(),
  failure_message: text(),
  commands: any(),
  expect_shell: bool(),
};

const qemu = { ...everyBoot, media: text(), docker: dockerBlock };

const minimal = { ...everyBoot, reset: bool(), pre_power_command: bool(), pre_os_command: bool() };

/** One row a method; those without keys are accepted as they are. */
const methods = {
  qemu, minimal,
  avh: undefined, barebox: undefined, bootloader: undefined, 'cmsis-dap': undefined, depthcharge: undefined, dfu: undefined, docker: undefined,
  fastboot: undefined, fvp: undefined, gdb: undefined, grub: undefined, 'grub-efi': undefined, ipxe: undefined, jlink: undefined, kexec: undefined,
  monitor: undefined, musca: undefined, new_connection: undefined, nodebooter: undefined, openocd: undefined, pyocd: undefined, qdl: undefined,
  'qemu-iso': undefined, 'qemu-nfs': undefined, recovery: undefined, schroot: undefined, ssh: undefined, 'u-boot': undefined, uefi: undefined,
  'uefi-menu': undefined, uuu: undefined,
};

export const boot = methodBlock('method', { method: required(text({ about: 'the method, such as qemu or u-boot' })) }, methods, [emptyPrompts]);
