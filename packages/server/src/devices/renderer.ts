import { ConfigurationError, type LavaPaths } from '@lava/base';
import { lookupFolders, renderDevice } from '@lava/device';
import { dictionaryPath, readDictionary, type DeviceRenderer } from './device-service.ts';

/** Renders dictionaries from the configuration folder with the admin's templates and those that come with LAVA. */
export function renderFrom(paths: LavaPaths): DeviceRenderer {
  return async (name, deviceType, context) => {
    const dictionary = await readDictionary(paths, name);
    if (dictionary === undefined) {
      throw new ConfigurationError(`device ${name} has no dictionary`, {
        code: 'no-dictionary', hint: `Write ${dictionaryPath(paths, name)}, or: lava-server manage devices update ${name} --dictionary FILE`,
      });
    }
    return renderDevice({ name, deviceType, dictionary, context, lookup: lookupFolders(paths) }).text;
  };
}
