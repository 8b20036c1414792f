import { Option } from 'commander';

/** An option that begins with --no- and takes a value, or stands for nothing else. */
export function without(flags: string, about: string, name: string): Option {
  const option = new Option(flags, about);
  option.negate = false;
  option.attributeName = () => name;
  return option;
}
