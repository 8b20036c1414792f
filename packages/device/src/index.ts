export { renderDevice, type RenderedDevice } from './render.ts';
export type { RenderRequest } from './render-text.ts';
export { checkDevice, type CheckedDevice, type DeviceProblem } from './check-device.ts';
export { checkRenderedDevice } from './check-rendered.ts';
export { deviceTypeOf } from './device-type.ts';
export { deviceTypeFolders, findTemplate, listTemplates, lookupFolders, readTemplate, type TemplateSource } from './templates.ts';
export { checkConfiguration, deviceJsonSchema, type ConfigurationProblem } from './check-configuration.ts';
export { checkDeviceType } from './check-device-type.ts';
export { compareConfigurations, type ConfigurationDifference } from './compare.ts';
