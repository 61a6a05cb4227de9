/** A process to be killed: the lab's parent CA on the folder and port of its arguments. Says its URL and stays. */
import { startRpkiParent } from '../../../../src/lab/rpki-parent/start.js';

const [folder = '', port = '0'] = process.argv.slice(2);
const parent = await startRpkiParent({ folder, port: Number(port), resources: { ipv4: ['10.0.0.0/8'], ipv6: ['2001:db8::/32'] } });
console.log(parent.url);
