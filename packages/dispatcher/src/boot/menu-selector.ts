import { ConfigurationError, InfrastructureError, JobError } from '@lava/base';
import { isMapping, mappingAt, pythonRepr, type Mapping } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { characterDelay } from '../connections/character-delay.ts';
import { compilePattern } from '../expect/pattern.ts';
import { sharedKey, type Action, type ActionSpec } from '../pipeline/action.ts';
import { deviceCommand, runCommands } from '../power/device-command.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';
import { fillCommands, type Placeholders } from './placeholders.ts';
import { promptList } from '../text/prompts.ts';

const known = ['items', 'prompt', 'enter', 'escape', 'wait', 'fallback'];
const usualLabels = 'a-zA-Z0-9\\s\\:';
const lineEnds: Readonly<Record<string, string>> = { dos: '\r\n', unix: '\n' };
const control = { enter: '\r', escape: '\u001b' };

/** What menus may ask for of this job; filled by `uefi-commands`. */
export const menuPlaceholders = sharedKey<Placeholders>('uefi-commands');

interface MenuOptions {
  readonly name: string;
  readonly summary: string;
  /** Boot method of the device that describes the menu. */
  readonly method: string;
  /** Name of the device's list of selections. */
  readonly stanza: (a: Action) => string;
  /** What shows that the menu is there, in place of the method's `bootloader_prompt`. */
  readonly prompts?: readonly string[];
  /** Whether to wait for the method's `boot_message` in the end; or which of its parameters says what. */
  readonly bootMessage?: false | string;
}

/** Goes through the menus of a firmware: finds entries by their labels, and types what they ask for. */
export function menuSelector(options: MenuOptions): ActionSpec {
  const stanzaOf = (a: Action) => mappingAt(a.job.device, 'actions', 'boot', 'methods', options.method)?.[options.stanza(a)];
  return {
    name: options.name,
    summary: options.summary,
    description: 'select specified menu items',
    validate(a) {
      const parameters = methodParameters(a, options.method);
      if (['item_markup', 'item_class', 'separator'].some((key) => parameters[key] === undefined)) return a.error('Missing device parameters for UEFI menu operations');
      const name = options.stanza(a);
      const items = stanzaOf(a);
      if (items === undefined) return a.error(`No boot configuration called '${name}' for boot method '${options.method}'`);
      if (!Array.isArray(items)) return a.error('menu sequence must be a list');
      const unknown = items.flatMap((item: unknown) => (isMapping(item) && isMapping(item['select']) ? Object.keys(item['select']) : [pythonRepr(item)])).filter((key) => !known.includes(key));
      if (unknown.length > 0) a.error(`Unable to recognise item ${unknown.join(', ')}`);
      if (lineEnds[lineEndOf(a, options.method)] === undefined) a.error('Unrecognised line separator configuration.');
      menuEntry(parameters);
    },
    async run(a) {
      const preOs = deviceCommand(a.job.device, 'pre_os_command');
      if (preOs) {
        a.log.info('Running pre OS command.');
        await runCommands(a, preOs, (command) => `${command} failed`);
      }
      const connection = a.needConnection();
      const parameters = methodParameters(a, options.method);
      connection.lineEnd = lineEnds[lineEndOf(a, options.method)] ?? '\r\n';
      connection.prompts = options.prompts ?? promptList(parameters['bootloader_prompt']);
      const wait = () => connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
      let { before } = await wait();
      const entry = menuEntry(parameters);
      for (const item of (stanzaOf(a) as { select: Mapping }[])) {
        const { select } = item;
        if (select['wait'] !== undefined) connection.prompts = promptList(select['wait']);
        const typed = async () => { if (select['wait'] !== undefined) ({ before } = await wait()); };
        for (const label of promptList(select['items'])) {
          const choice = choose(before, entry, filled(a, label)) ?? (select['fallback'] === undefined ? undefined : choose(before, entry, asText(select['fallback'])));
          if (choice === undefined) throw new JobError('No selection was made', { code: 'menu-selection', hint: `The menu has no entry '${filled(a, label)}'.` });
          a.log.debug(`Selecting option ${choice}`);
          await connection.sendLine(choice, { delayMs: characterDelay(a) });
          await typed();
        }
        if (select['escape'] !== undefined) {
          a.log.debug('Sending escape');
          await connection.send(control.escape);
          await typed();
        }
        if (select['enter'] !== undefined) {
          const text = filled(a, asText(select['enter']));
          a.log.debug(`Sending ${text} Ctrl-M`);
          await connection.send(text, { delayMs: characterDelay(a) });
          await connection.send(control.enter);
          await typed();
        }
      }
      const message = options.bootMessage === false ? undefined : parameters[options.bootMessage ?? 'boot_message'];
      if (message === undefined || message === null) return;
      connection.prompts = promptList(message);
      const { index } = await wait();
      if (index !== 0) throw new InfrastructureError(`matched a bootloader error message: '${connection.prompts[index] ?? ''}' (${index})`, { code: 'bootloader-error' });
    },
  };
}

function lineEndOf(a: Action, method: string): string {
  return asText(a.parameters['line_separator'] ?? mappingAt(a.job.device, 'actions', 'boot', 'methods', method)?.['line_separator'] ?? 'dos');
}

function filled(a: Action, text: string): string {
  return fillCommands([text], a.get(menuPlaceholders) ?? new Map(), { drop: false })[0] ?? text;
}

/** A line of a menu: number and label. @throws ConfigurationError for a description that makes no pattern */
function menuEntry(parameters: Mapping): RegExp {
  const [open, close] = promptList(parameters['item_markup']).flatMap((text) => (text.length > 1 ? [...text] : [text])).map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const labels = asText(parameters['label_class'] ?? usualLabels);
  const source = `${open ?? ''}([${asText(parameters['item_class'])}]+)${close ?? ''}${asText(parameters['separator'])}([${labels}]*)`;
  try {
    compilePattern(source);
    return new RegExp(source);
  } catch (error) {
    throw new ConfigurationError(`The description of the menu makes no pattern: '${source}'`, { code: 'menu-pattern', cause: error });
  }
}

/** The number of an entry, looked for from the end: menus are drawn again and again. */
function choose(text: string, entry: RegExp, label: string): string | undefined {
  for (const line of text.split('\n').toReversed()) {
    const match = entry.exec(line.trim());
    if (match?.[2] === label) return match[1];
  }
  return undefined;
}
