import { any, bool, either, list, mapping, record, required, text, type Schema } from './schema.ts';
import { methodBlock, timeout } from './common.ts';
import { bootloaders } from './boot/bootloaders.ts';
import { emulators } from './boot/emulators.ts';
import { flashers, others } from './boot/boards.ts';

/** Every method of booting; its declaration stands in the file of its family. */
export const bootMethods = { key: 'method', methods: { ...emulators, ...bootloaders, ...flashers, ...others } } as const;

const login = mapping({
  login_prompt: required(text({ about: 'a regular expression for the prompt that asks for the user name' })), username: required(text({ about: 'the name of the account' })),
  password_prompt: text(), password: text(), login_commands: list(any(), { about: 'a list of commands typed after signing in' }),
}, { about: 'a mapping with "login_prompt" and "username"' });

export const boot: Schema = methodBlock(bootMethods, {
  method: required(text({ about: 'the method, such as qemu or u-boot' })),
  timeout,
  auto_login: login,
  parameters: record(either(text(), bool()), { about: 'a mapping with "kernel-start-message" and the like' }),
  commands: { ...either(text(), list(any())), about: 'the name of commands of the device, or a list of commands' },
});
