import { beyond, bool, either, eitherMeant, list, literal, mapping, named, oneOf, required, text, type Rule, type Schema } from './schema.ts';
import { isMapping } from '../mapping.ts';
import { textOrList } from './common.ts';

type Fields = Readonly<Record<string, Schema>>;

const notEmpty = text({ min: 1 });

/** `prompts: x` and `prompts: [x, y]`. */
export const prompts = { ...named('prompts', either(notEmpty, list(notEmpty))), about: 'a regular expression for the prompt of the shell, or a list of them' };

const login = {
  login_prompt: required(text({ min: 1, about: 'a regular expression for the prompt that asks for the user name' })),
  username: required(text()),
};

const autoLogin = {
  name: 'autoLogin',
  ...eitherMeant((value) => (isMapping(value) && (Object.hasOwn(value, 'password') || Object.hasOwn(value, 'password_prompt')) ? 1 : 0),
    mapping({ ...login, login_commands: list(notEmpty, { about: 'commands typed after signing in' }) }),
    mapping({ ...login, password_prompt: required(text({ about: 'a regular expression for the prompt that asks for the password' })), password: required(text()), login_commands: list(text()) })),
  about: 'how to sign in',
};

const transferOverlay = {
  name: 'transferOverlay',
  ...eitherMeant((value) => (isMapping(value) && value['transfer_method'] === 'zmodem' ? 1 : 0),
    mapping({
      download_command: required(text({ about: 'the command that fetches the file; its address is added' })),
      unpack_command: required(text({ about: 'the command that unpacks the file; its name is added' })),
      transfer_method: { ...oneOf('http', 'nfs', 'zmodem'), about: 'http if not said' },
    }),
    mapping({ unpack_command: required(text()), transfer_method: required(literal('zmodem')), download_command: text() })),
  about: "how the device fetches LAVA's files of the tests",
};

/** Keys of methods that end at a shell. */
export const shellKeys = { prompts, auto_login: autoLogin, transfer_overlay: transferOverlay };

/** Lines to type, or the name of those in the configuration of the device. */
export const commands = { ...textOrList, about: "the name of commands in the device's configuration, or a list of commands" };
export const useBootscript = bool('put the commands into a script that the bootloader loads');

/** Keys of every boot block. */
const bootKeys = {
  parameters: mapping({
    'bootloader-final-message': text({ about: 'a regular expression for the last words of the bootloader' }),
    'kernel-start-message': text({ about: 'a regular expression for the first words of the kernel' }),
    'shutdown-message': text({ about: 'a regular expression for the last words of the system' }),
  }),
  soft_reboot: { ...textOrList, about: 'commands that restart the system' },
  ignore_kernel_messages: bool('do not look for warnings and crashes of the kernel'),
  failure_message: beyond(text({ about: 'a regular expression: the job fails when it is met' })),
};

/** One method of booting. */
export const bootMethod = (method: string, keys: Fields, about: string): Schema =>
  mapping({ ...bootKeys, method: required(literal(method, { reason: `'method' should be '${method}'` })), ...keys } as Fields, { about, rules: [emptyPrompts] });

const emptyPrompts: Rule = (block, report) => {
  const { prompts: given } = block;
  if (Array.isArray(given) && given.length === 0) report({ path: ['prompts'], code: 'too-short', message: '"prompts" must not be empty', hint: 'Give a regular expression that matches the prompt of the shell.' });
};
