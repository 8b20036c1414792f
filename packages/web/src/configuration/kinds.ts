import type { ConfigurationKind } from '../api/types.ts';
import type { Language } from '../editor/text-editor.tsx';

/** What there is to say of each kind of text, and where its page is; `device` and the like stand in front of `/NAME/`. */
interface KindWords { readonly title: string; readonly owner: 'device' | 'device_type' | 'worker'; readonly path: string; readonly language: Language; readonly help: string; readonly what: string }

export const kindWords: Readonly<Record<ConfigurationKind, KindWords>> = {
  dictionary: { title: 'Device dictionary', owner: 'device', path: 'devicedict', language: 'jinja', help: 'devices', what: 'Names the device type that the device is of and sets its variables: commands for power and the serial line.' },
  template: { title: 'Template', owner: 'device_type', path: 'template', language: 'jinja', help: 'devices', what: 'What the dictionaries of devices of this type extend.' },
  'health-check': { title: 'Health check', owner: 'device_type', path: 'health_check', language: 'yaml', help: 'scheduling', what: 'A job definition that devices of this type run now and then; one that fails takes its device out of use.' },
  dispatcher: { title: 'Dispatcher settings', owner: 'worker', path: 'config', language: 'yaml', help: 'admin', what: 'Settings of the worker that jobs get, as dispatcher.yaml.' },
  env: { title: 'Environment', owner: 'worker', path: 'env', language: 'yaml', help: 'admin', what: 'Variables of the environment in which jobs run on the worker.' },
  'env-dut': { title: 'Environment of devices', owner: 'worker', path: 'env_dut', language: 'yaml', help: 'admin', what: 'Variables of the environment of tests on the devices of the worker.' },
};

export const textPath = (kind: ConfigurationKind, name: string): string => `/scheduler/${kindWords[kind].owner}/${encodeURIComponent(name)}/${kindWords[kind].path}`;
export const ownerPath = (kind: ConfigurationKind, name: string): string => `/scheduler/${kindWords[kind].owner}/${encodeURIComponent(name)}`;
