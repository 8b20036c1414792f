import { mapping, required, text, type Schema } from './schema.ts';
import { advised, timeout } from './common.ts';

const name = required(text({ about: "a command of the device's configuration, such as hard_reset" }));

export const publishedCommand = mapping({ name }, { about: 'a command of the device that is run on the worker' });

export const command: Schema = mapping({ name, timeout, namespace: text() }, { others: 'allow', sort: { name: () => 'command', of: { command: advised(publishedCommand, ['name']) } } });
