/**
 * The RPKI "device": a parent CA that is asked, by RFC 6492, for certificates that hold exactly the resources of the
 * document. What the parent entitles us to is certified even when other resources of the document are refused.
 */
import type { DeviceDocument } from '../../../model/document.js';
import { comparePrefixes, coverRange, formatPrefix, parsePrefix, type Prefix } from '../../../model/prefix.js';
import { importKey } from '../../../rpki/keys.js';
import { explicitResources } from '../../../rpki/resource-certificate/verify.js';
import { intersectionOfResources, isEmpty, noResources, resourcesOfPrefixes, type ResourceSet } from '../../../rpki/resources/resource-set.js';
import { writeChildRequest } from '../../../rpki/setup/child-request.js';
import { isHandle } from '../../../rpki/setup/read.js';
import type { ResourceClass } from '../../../rpki/updown/message.js';
import { Reject, type Adapter, type Capabilities, type DeviceHandle, type Observation } from '../../adapter.js';
import { certify } from './certify.js';
import { ownCertificateIn } from './check-certificate.js';
import { ChildMemory } from './child-memory.js';
import { distribute } from './distribution.js';
import { OneAtATime } from './one-at-a-time.js';
import { ParentSession } from './parent-session.js';
import { parentSettings } from './parent-settings.js';
import { revoke } from './revoke.js';

export class RpkiAdapter implements Adapter {
  readonly kind = 'rpki';
  readonly capabilities: Capabilities = { passiveDrain: false, activeDrain: false, perRangeCounts: false };
  private readonly exchanges = new OneAtATime();

  constructor(private readonly now: () => Date = () => new Date()) {}

  /** The child_request of RFC 8183; the same again when the device is enrolled already. */
  async enrol(device: DeviceHandle): Promise<string> {
    return this.exchanges.run(device.id, async () => {
      const memory = (await ChildMemory.load(device.memory)) ?? (await ChildMemory.create(device.memory, handleOf(device), this.now()));
      return writeChildRequest(memory.handle, memory.identity.anchor);
    });
  }

  async apply(device: DeviceHandle, document: DeviceDocument): Promise<void> {
    await this.exchanges.run(device.id, async () => {
      const session = await this.open(device);
      const classes = await session.list();
      const prefixes = document.resources.map((resource) => parsePrefix(resource.prefix));
      const offers = classes.map((offered) => ({ ...offered, certified: certifiedIn(session, offered) }));
      const { shares, notEntitled } = distribute(resourcesOfPrefixes(prefixes), offers);
      for (const offered of classes) {
        const share = shares.get(offered.className) ?? noResources;
        if (!isEmpty(share)) await certify(session, offered, share);
      }
      for (const entry of session.memory.classes) {
        if (isEmpty(shares.get(entry.className) ?? noResources)) await revoke(session, entry);
      }
      if (!isEmpty(notEntitled)) throw new Reject(refusalOf(prefixes, notEntitled));
    });
  }

  /** Neighbouring prefixes are one range in a certificate, and come back as the fewest prefixes that cover it. */
  async observe(device: DeviceHandle): Promise<Observation> {
    return this.exchanges.run(device.id, async () => {
      const session = await this.open(device);
      const held = (await session.list()).map((offered) => certifiedIn(session, offered));
      const prefixes = held.flatMap(({ ipv4, ipv6 }) => [
        ...ipv4.flatMap(({ first, last }) => coverRange('ipv4', first, last)),
        ...ipv6.flatMap(({ first, last }) => coverRange('ipv6', first, last)),
      ]);
      const certified = { state: 'certified', assigned: null, total: null };
      return { ranges: prefixes.toSorted(comparePrefixes).map((prefix) => ({ prefix: formatPrefix(prefix), ...certified })) };
    });
  }

  private async open(device: DeviceHandle): Promise<ParentSession> {
    const settings = parentSettings(device.credentials);
    const memory = await ChildMemory.load(device.memory);
    if (memory === undefined) throw new Reject('this device has no identity to sign with: it was never enrolled');
    return new ParentSession(device, settings, memory, this.now);
  }
}

function certifiedIn({ memory }: ParentSession, offered: ResourceClass): ResourceSet {
  const entry = memory.classOf(offered.className);
  const own = entry && ownCertificateIn(offered, importKey(entry.key));
  return (own && explicitResources(own.certificate)) ?? noResources;
}

/** Names are given by people; what a handle may not hold becomes a dash. */
function handleOf(device: DeviceHandle): string {
  const handle = device.name.replaceAll(/[^-_A-Za-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 200);
  return isHandle(handle) ? handle : device.id;
}

function refusalOf(prefixes: readonly Prefix[], notEntitled: ResourceSet): string {
  const refused = prefixes.filter((prefix) => !isEmpty(intersectionOfResources(resourcesOfPrefixes([prefix]), notEntitled)));
  const shown = refused.slice(0, 20).map(formatPrefix).join(', ');
  const more = refused.length > 20 ? ` and ${refused.length - 20} more` : '';
  return `the parent does not entitle us to ${shown}${more}; everything else of the document is certified`;
}
