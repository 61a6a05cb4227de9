// A program in the controller's place, for the supervisor's tests: ready after a while, and as unruly as it is told to be.
import { createServer } from 'node:http';

const { CASM_PORT, BEHAVIOUR = '' } = process.env;
if (BEHAVIOUR === 'refuses') {
  console.error('CASM_SECRET_KEY must be 32 random bytes in base64');
  process.exit(1);
}
let ready = false;
setTimeout(() => (ready = true), 100);
const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(3);
  response.writeHead(ready ? 200 : 503).end(String(process.pid));
}).listen(Number(CASM_PORT), '127.0.0.1', () => console.log('listening'));
process.on('SIGTERM', () => BEHAVIOUR !== 'deaf' && server.close(() => process.exit(0)) && server.closeAllConnections());
process.on('disconnect', () => BEHAVIOUR !== 'deaf' && process.exit(0));
