export { renderDevice, type RenderRequest, type RenderedDevice } from './render.ts';
export { deviceTypeOf } from './device-type.ts';
export { deviceTypeFolders, findTemplate, listTemplates, lookupFolders, readTemplate, type TemplateSource } from './templates.ts';
export { checkConfiguration, type ConfigurationProblem } from './schema.ts';
export { checkDeviceType } from './check-device-type.ts';
export { compareConfigurations, type ConfigurationDifference } from './compare.ts';
