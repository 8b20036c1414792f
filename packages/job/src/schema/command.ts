import { any, mapping, required, text } from './schema.ts';
import { blockKeys, moreBlockKeys } from './common.ts';

export const command = mapping({
  name: required(text({ about: 'the name of a command of the device, such as power_off or one of its user commands' })),
  ...blockKeys,
  ...Object.fromEntries(Object.keys(moreBlockKeys).map((key) => [key, any()])),
}, { others: 'allow' });
