import { formatRecord, formatValue, type LogValue } from '@lava/job';
import { loadYaml } from '@lava/yaml';

/** The usual record: JSON in one line, with its keys in the order in which they are stored. */
const storedAsIs = /^\{"dt": "[^"\\]{1,40}", "lvl": "[a-z]{1,20}", "msg": .*\}$/;

/**
 * Records of LAVA's own `lava-run` (`- {…}` lines of flow-style YAML) in the form in which logs are kept, where each is
 * JSON too and has one line. There are as many as came: one that cannot be read is replaced by a record that says so.
 */
export function storedRecords(lines: string): string[] {
  const texts = lines.replace(/\n+$/, '').split(/\n(?=- )/);
  return texts.map((text) => storedRecord(text.replace(/^- ?/, '')));
}

function storedRecord(text: string): string {
  if (storedAsIs.test(text) && isJson(text)) return `- ${text}\n`;
  try {
    const { dt, lvl, msg, ns } = loadYaml(text) as Record<string, LogValue>;
    if (typeof dt !== 'string' || typeof lvl !== 'string' || msg === undefined) throw new TypeError('no record');
    return `- {"dt": ${formatValue(dt)}, "lvl": ${formatValue(lvl)}, "msg": ${formatValue(msg)}${ns === undefined ? '' : `, "ns": ${formatValue(ns)}`}}\n`;
  } catch {
    return formatRecord('warning', `A record of the worker could not be read: ${text.slice(0, 500)}`);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
