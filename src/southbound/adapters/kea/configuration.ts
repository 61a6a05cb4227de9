/**
 * Brings one server's configuration to a plan. Kea 2.2 knows only whole configurations, so this is a compare-and-set:
 * read, merge, test, read again, set, write to disk, read back. A change by somebody else in between starts it anew.
 */
import { createHash } from 'node:crypto';
import { Reject, Retry } from '../../adapter.js';
import { type ControlChannel, result } from './control-channel.js';
import { canonicalJson, isObject, type JsonObject } from './exact-json.js';
import type { KeaMemory } from './kea-memory.js';
import type { KeaService } from './kea-service.js';
import { merge, type MergeInput, type Plan } from './merge.js';

export type Wanted = Omit<MergeInput, 'running' | 'ids'>;

const tries = 4;

/** @returns what was found or made true, with what is still retiring. @throws Retry, Reject */
export async function converge(channel: ControlChannel, memory: KeaMemory, wanted: Wanted): Promise<Plan> {
  const { service } = wanted;
  const planFor = (running: JsonObject): Plan => merge({ ...wanted, running, ids: memory.of(service.name).ids });
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const before = await readConfiguration(channel, service);
    const plan = planFor(before);
    if (!plan.changed) {
      await memory.remember(service.name, { ...memory.of(service.name), ids: plan.ids });
      await writeIfNeeded(channel, memory, service);
      return plan;
    }
    await change(channel, service, 'config-test', plan.configuration);
    if (fingerprint(await readConfiguration(channel, service)) !== fingerprint(before)) continue;
    await memory.remember(service.name, { ids: plan.ids, unwritten: true });
    await change(channel, service, 'config-set', plan.configuration);
    await writeIfNeeded(channel, memory, service);
    const after = planFor(await readConfiguration(channel, service));
    if (after.changed) throw new Retry(`${service.name} took the configuration but reads back another`);
    return after;
  }
  throw new Retry(`the configuration of ${service.name} was changed by somebody else ${tries} times while we changed it`);
}

/** The map under `Dhcp4` or `Dhcp6`; the hash that later versions add beside it is not part of it. @throws Retry, Reject */
export async function readConfiguration(channel: ControlChannel, service: KeaService): Promise<JsonObject> {
  const reply = await channel.command(service, 'config-get');
  if (reply.result !== result.success) throw new Retry(`${service.name} does not show its configuration: ${reply.text}`);
  const configuration = isObject(reply.arguments) ? reply.arguments[service.root] : undefined;
  if (!isObject(configuration)) throw new Reject(`the configuration of ${service.name} has no ${service.root} in it`);
  return configuration;
}

async function change(channel: ControlChannel, service: KeaService, command: 'config-test' | 'config-set', configuration: JsonObject): Promise<void> {
  const reply = await channel.command(service, command, { [service.root]: configuration });
  if (reply.result !== result.success) throw new Reject(`${service.name} refuses the configuration: ${reply.text}`);
}

/** Only what is on disk survives a restart of Kea, so without it the delivery is not done. */
async function writeIfNeeded(channel: ControlChannel, memory: KeaMemory, service: KeaService): Promise<void> {
  const known = memory.of(service.name);
  if (!known.unwritten) return;
  const reply = await channel.command(service, 'config-write');
  if (reply.result !== result.success) throw new Retry(`${service.name} holds the configuration but cannot write it to its disk: ${reply.text}`);
  await memory.remember(service.name, { ...known, unwritten: false });
}

function fingerprint(configuration: JsonObject): string {
  return createHash('sha256').update(canonicalJson(configuration)).digest('base64');
}
