import { Controller } from '@nestjs/common';
import { Answer, created, done, resource } from '../http/answers.js';
import { Ask, type Asked } from '../http/request-context.js';
import { Route } from '../http/route.js';
import { listCertificates } from '../operations/certificates/list-certificates.js';
import { listDeliveries } from '../operations/deliveries/list-deliveries.js';
import { retryDelivery } from '../operations/deliveries/retry-delivery.js';
import { createDevice } from '../operations/devices/create-device.js';
import { deleteDevice } from '../operations/devices/delete-device.js';
import { getDevice } from '../operations/devices/get-device.js';
import { listDevices } from '../operations/devices/list-devices.js';
import { updateDevice } from '../operations/devices/update-device.js';
import { getDeviceDocument } from '../operations/documents/get-device-document.js';
import { Hall } from '../operations/hall.js';
import { readLabels } from './labels.js';
import { asIs, viewDevice, viewPage } from './views.js';

@Controller()
export class DevicesController {
  constructor(private readonly hall: Hall) {}

  @Route('listDevices')
  async list(@Ask() { query }: Asked<'listDevices'>): Promise<unknown> {
    return viewPage(await this.hall.read(listDevices, { ...query, limit: query.limit ?? 100, labels: readLabels(query.labels) }), viewDevice);
  }

  @Route('createDevice')
  async create(@Ask() { call, body }: Asked<'createDevice'>): Promise<Answer> {
    return created(await this.hall.write(call, createDevice, body), '/v1/devices', viewDevice);
  }

  @Route('getDevice')
  async get(@Ask() { path }: Asked<'getDevice'>): Promise<Answer> {
    return resource(await this.hall.read(getDevice, path), viewDevice);
  }

  @Route('updateDevice')
  async update(@Ask() { call, path, header, body }: Asked<'updateDevice'>): Promise<Answer> {
    return resource((await this.hall.write(call, updateDevice, { ...body, ...path, ifMatch: header['if-match'] })).result, viewDevice);
  }

  @Route('deleteDevice')
  async delete(@Ask() { call, path, header }: Asked<'deleteDevice'>): Promise<void> {
    await this.hall.write(call, deleteDevice, { ...path, ifMatch: header['if-match'] });
  }

  @Route('getDeviceDocument')
  async document(@Ask() { path }: Asked<'getDeviceDocument'>): Promise<Answer> {
    const { document } = await this.hall.read(getDeviceDocument, path);
    return new Answer(document, { etag: `"${document.revision}"` });
  }

  @Route('listDeliveries')
  async deliveries(@Ask() { query }: Asked<'listDeliveries'>): Promise<unknown> {
    return this.hall.read(listDeliveries, { ...query, limit: query.limit ?? 100 });
  }

  @Route('retryDelivery')
  async retry(@Ask() { call, path }: Asked<'retryDelivery'>): Promise<Answer> {
    return done(await this.hall.write(call, retryDelivery, path), asIs);
  }

  @Route('listCertificates')
  async certificates(@Ask() { query }: Asked<'listCertificates'>): Promise<unknown> {
    return this.hall.read(listCertificates, { ...query, limit: query.limit ?? 100 });
  }
}
