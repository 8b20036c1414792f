import { fileURLToPath } from 'node:url';
import { deviceFilters } from '../packages/device/src/filters.ts';
import { readTemplate, renderDevice } from '../packages/device/src/index.ts';
import { Environment } from '../packages/jinja/src/index.ts';

// What it takes to render a device for a job: the template alone, and with YAML and checks.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }

const dictionary = "{% extends 'qemu.jinja2' %}\n{% set mac_addr = '52:54:00:12:34:01' %}\n{% set memory = 256 %}\n{% set no_kvm = True %}\n";
const lookup = [fileURLToPath(new URL('../../../../device-types', import.meta.url))];

/** Median of single runs in milliseconds, after some to warm up. */
function median(work: () => unknown, runs = 400): number {
  const times: number[] = [];
  for (let i = 0; i < runs + 100; i++) {
    const started = performance.now();
    work();
    if (i >= 100) times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[runs >> 1] as number;
}

export async function run(): Promise<Row[]> {
  let n = 0;
  const device = (text: string) => renderDevice({ name: 'qemu01', dictionary: text, lookup, context: { arch: 'amd64' } });
  const environment = new Environment({ filters: deviceFilters, loader: (name) => readTemplate(name, lookup) });
  const loop = '{% for i in range(1000) %}{% if i % 2 == 0 %}{{ i }}: {{ "item"|upper }}\n{% endif %}{% endfor %}';
  return [
    { name: 'qemu device: read and render', value: median(() => environment.renderText(dictionary, { arch: 'amd64', scheduled_device_name: 'qemu01' })).toFixed(3), unit: 'ms', goal: '<= 0.5' },
    { name: 'qemu device: read, render, load, check', value: median(() => device(dictionary)).toFixed(3), unit: 'ms', goal: '<= 3' },
    { name: 'qemu device with a new dictionary each time', value: median(() => device(`${dictionary}{# ${n++} #}`)).toFixed(3), unit: 'ms' },
    { name: 'a loop of 1000 rounds', value: median(() => environment.renderText(loop)).toFixed(3), unit: 'ms' },
  ];
}
