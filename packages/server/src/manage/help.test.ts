import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { commandsElsewhere } from './elsewhere.ts';
import { addManage } from './manage.ts';

const page = fileURLToPath(new URL('../../../../docs/manage.md', import.meta.url));
const elsewhere = Object.keys(commandsElsewhere);

function program(): Command {
  const all = new Command('lava-server');
  addManage(all);
  return all.commands[0]!;
}

/** The commands that do something, each with its words behind `manage`. */
function leaves(command: Command, words: readonly string[] = []): { readonly words: readonly string[]; readonly command: Command }[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.filter((sub) => !elsewhere.includes(sub.name())).flatMap((sub) => leaves(sub, [...words, sub.name()]));
}

test('every command says what it does, and every group names its commands', () => {
  for (const { words, command } of leaves(program())) expect(command.description(), words.join(' ')).not.toBe('');
  const help = program().helpInformation();
  for (const { words } of leaves(program())) expect(help).toContain(`  ${words[0]}`);
  // What is done elsewhere is in the documentation only.
  for (const name of elsewhere) expect(help).not.toContain(`  ${name} `);
});

test('docs/manage.md lists the commands as they are', async () => {
  const text = await readFile(page, 'utf8');
  const cell = (words: string) => words.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const row = ({ words, command }: ReturnType<typeof leaves>[number]) => {
    const args = command.registeredArguments.map((argument) => { const shown = `${argument.name().toUpperCase()}${argument.variadic ? '…' : ''}`; return argument.required ? ` ${shown}` : ` [${shown}]`; }).join('');
    const options = command.options.map((option) => `\`${option.flags}\`${option.description === '' ? '' : ` ${option.description}`}`).join('; ');
    return `| \`${words.join(' ')}${args}\` | ${cell(command.description())} | ${cell(options)} |`;
  };
  const table = (all: ReturnType<typeof leaves>) => ['| command | does | options |', '| --- | --- | --- |', ...all.map(row), ''].join('\n');
  const known = program().commands.filter((sub) => !elsewhere.includes(sub.name()));
  const sections = [
    ...known.filter((sub) => sub.commands.length > 0).map((sub) => `### ${sub.name()}\n\n${sub.description()[0]!.toUpperCase()}${sub.description().slice(1)}.\n\n${table(leaves(sub, [sub.name()]))}`),
    `### Commands of one word\n\n${table(known.flatMap((sub) => (sub.commands.length > 0 ? [] : leaves(sub, [sub.name()]))))}`,
  ];
  const others = ['## Commands of another LAVA', '', 'They are known, and say what is done instead.', '', '| command | says |', '| --- | --- |', ...Object.entries(commandsElsewhere).map(([name, says]) => `| \`${name}\` | ${cell(says)} |`), ''].join('\n');
  const current = `${text.slice(0, text.indexOf('## Commands\n'))}## Commands\n\n${sections.join('\n')}\n${others}`;
  if (process.env['LAVA_RECORD']) await writeFile(page, current);
  else expect(text).toBe(current);
});
