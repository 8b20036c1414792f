import type { FastifyInstance } from 'fastify';
import { visibleDevices } from '../../auth/visibility.ts';
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
}
