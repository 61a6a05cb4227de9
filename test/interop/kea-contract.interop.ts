import { controlChannelFacts } from '../lab/dhcp-emulator/control-channel-facts.js';
import { adapterContract } from '../southbound/adapter-contract.js';
import { keaBehaviour } from '../southbound/adapters/kea/kea-behaviour.js';
import { keaTarget } from '../southbound/adapters/kea/kea-target.js';
import { startRealKea } from './real-kea.js';

adapterContract('kea with a real Kea', async () => keaTarget(await startRealKea()));
keaBehaviour('a real Kea', startRealKea);
controlChannelFacts('a real Kea', startRealKea);
