import type { FastifyInstance } from 'fastify';
import { ConfigurationError } from '@lava/base';
import { renderText, type TemplateSource } from '@lava/device';
import { visibleDeviceTypes, visibleDevices } from '../../auth/visibility.ts';
import { typeSources } from '../../devices/renderer.ts';
import type { Services } from '../../services.ts';
import { notFound } from '../errors.ts';
import { attachment } from '../send.ts';

export function plainDevices(app: FastifyInstance, services: Services): void {
  app.get<{ Params: { hostname: string } }>('/scheduler/device/:hostname/devicedict/plain', async (request, reply) => {
    const { hostname } = request.params;
    const known = await services.db.selectFrom('devices').select('hostname').where('hostname', '=', hostname).where(visibleDevices(request.user)).executeTakeFirst();
    if (!known || await services.devices.dictionary(hostname) === undefined) throw notFound(`The dictionary of device ${hostname}`);
    return attachment(reply, `${hostname}.yaml`).type('text/yaml; charset=utf-8').send(await services.devices.render(hostname));
  });

  app.get<{ Params: { name: string } }>('/scheduler/devicetypeyaml/:name', async (request, reply) => {
    const { name } = request.params;
    const known = await services.db.selectFrom('device_types').select('name').where('name', '=', name).where(visibleDeviceTypes(request.user)).executeTakeFirst();
    const text = known && renderBare(name, await typeSources(services));
    if (text === undefined) throw notFound(`The template of device type ${name}`);
    return attachment(reply, `${name}_template.yaml`).type('text/plain; charset=utf-8').send(text);
  });
}

/** What the template of a type gives without a dictionary; undefined when it needs one, or there is none. */
function renderBare(type: string, lookup: readonly TemplateSource[]): string | undefined {
  try {
    return renderText({ name: type, dictionary: `{% extends '${type}.jinja2' %}`, lookup });
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}
