import { bool, either, empty, integer, list, mapping, record, required, text, type Mapping, type Schema } from '@lava/job';

// Shapes that several parts of a device configuration share.

/** A program that the worker runs, or several one after the other. */
export const command = (about?: string): Schema => ({ ...either(text(), list(text())), ...(about && { about }) });

/** Something that may also stand there empty: a method without settings, a variable that is not set. */
export const orEmpty = <T>(schema: Schema<T>): Schema<T | null> => ({ ...either(schema, empty()), about: schema.about });

/** A text, or a number or nothing that stands for one. */
export const word = (about?: string): Schema => ({ ...either(text(), integer(), empty()), ...(about && { about }) });

export const flag = (about?: string): Schema => ({ ...either(bool(), empty()), ...(about && { about }) });

const unit = integer({ min: 0 });
export const timeouts = (about: string): Schema => record(mapping({ days: unit, hours: unit, minutes: unit, seconds: unit, skip: bool() }, { about: 'a time, in days, hours, minutes and seconds' }), { about });

/** Commands that are typed at a boot loader's prompt, under the name that jobs give as "commands". */
const commands: Schema = mapping({
  commands: required({ ...list(text()), about: 'lines that are typed one by one; {KERNEL} and the like become names and addresses' }),
  expect_shell: bool('false: what is started gives no shell'),
  parameters: mapping({ interrupt_prompt: text(), interrupt_string: text() }, { others: 'allow' }),
  cmdline: text({ about: "the kernel's arguments, for depthcharge" }),
}, { about: 'the commands of one way to boot' });

/** Steps of a menu: what is chosen or entered, and what is waited for. */
const menu: Schema = list(mapping({
  select: required(mapping({
    items: list(text(), { about: 'the items of the menu to look for' }), fallback: word('the item to take if there is none of them'),
    enter: word('what is typed'), wait: word('what is waited for then'), escape: word('an escape sequence'),
  })),
}), { about: 'steps through a menu' });

/** A boot loader: how it is talked to, and its ways to boot by their names. */
export const bootLoader = (about: string, parameters: Readonly<Record<string, Schema>>, keys: Readonly<Record<string, Schema>> = {}): Schema => orEmpty(mapping({
  ...keys,
  parameters: orEmpty(mapping(parameters, { about: 'how the boot loader is talked to' })),
}, { others: either(commands, menu), about }));

export const method = (about: string, keys: Readonly<Record<string, Schema>> = {}): Schema => orEmpty(mapping(keys, { about }));

export const bootLoaderParameters: Readonly<Record<string, Schema>> = {
  bootloader_prompt: text({ min: 1, about: "the boot loader's prompt, a regular expression" }),
  interrupt_prompt: text({ about: 'what the boot loader prints when it can be stopped' }),
  interrupt_char: word('what stops it'),
  interrupt_character: word('what stops it'),
  interrupt_string: word('what stops it'),
  needs_interrupt: flag('false: it stops by itself'),
  boot_message: text({ about: 'what is printed when the kernel starts' }),
  lava_mac: text({ about: 'the MAC address that replaces {LAVA_MAC}' }),
  use_bootscript: flag('commands are fetched as a script'),
};

export const menuParameters: Readonly<Record<string, Schema>> = {
  ...bootLoaderParameters,
  item_markup: list(text(), { about: 'the brackets around the number of an item' }),
  item_class: text({ about: 'characters of the number of an item' }),
  separator: word('what stands between number and item'),
  label_class: text({ about: 'characters of an item' }),
  character_delay: integer({ about: 'milliseconds between typed characters' }),
};

/** Any mapping. */
export const anyMapping = (about?: string): Schema<Mapping> => ({ ...mapping({}, { others: 'allow' }), ...(about && { about }) }) as Schema<Mapping>;
