import { basename } from 'node:path';
import { checkDevice, checkRenderedDevice, readTemplate, type DeviceProblem, type TemplateSource } from '@lava/device';
import { exitStatus } from '../exit.ts';
import { formatProblems } from '../print/problems.ts';
import { print } from './context.ts';
import { isRendered, renderRequest, type DeviceFileOptions } from './device-file.ts';
import { readText } from './read-file.ts';

interface CheckedFile { readonly file: string; readonly text: string; readonly lookup: readonly TemplateSource[]; readonly problems: readonly DeviceProblem[] }

/**
 * `lava device check FILE…`: says everything that is wrong with dictionaries and rendered configurations, without a server:
 * where it stands, what was expected, what to do. 1 means that there are errors, or with `--strict` warnings.
 */
export async function checkDevices(files: readonly string[], options: DeviceFileOptions & { readonly strict?: boolean }): Promise<number> {
  const checked: CheckedFile[] = [];
  for (const file of files) {
    const text = await readText(file);
    const request = renderRequest(file, text, options);
    checked.push({ file, text, lookup: request.lookup, problems: isRendered(file) ? checkRenderedDevice(text, basename(file)) : checkDevice(request).problems });
  }
  const rows = checked.map(({ file, problems }) => ({ file, valid: isValid(problems), problems }));
  print(options, rows, () => checked.map(report).join(''));
  return checked.every(({ problems }) => isValid(problems) && !(options.strict && problems.length > 0)) ? exitStatus.ok : exitStatus.failed;
}

const isValid = (problems: readonly DeviceProblem[]): boolean => problems.every(({ severity }) => severity !== 'error');

function report({ file, text, lookup, problems }: CheckedFile): string {
  if (problems.length === 0) return `${file}: valid\n`;
  return problems.map((problem) => {
    const { at } = problem;
    // The place is in the file, or in a template that it extends.
    const own = at === undefined || at.file === undefined || at.file === basename(file);
    return formatProblems(own ? file : at.file!, own ? text : readTemplate(at.file!, lookup) ?? '', [{ ...problem, line: at?.line, column: at?.column }]);
  }).join('');
}
