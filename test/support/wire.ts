/** Octets as no client sends them, and what is answered until the server hangs up; held against the contract as everything is. */
import { connect } from 'node:net';
import { expect } from 'vitest';
import { contractOperation } from '../../src/contract/contract.js';
import type { ApiAnswer } from './api.js';

/** @param drop goes on being sent now and then, once the rest has been */
export async function sent(url: string, octets: string, drop = ''): Promise<ApiAnswer> {
  const { hostname, port } = new URL(url);
  const text = await new Promise<string>((resolve) => {
    let answered = '';
    const socket = connect(Number(port), hostname, () => socket.write(octets, 'latin1'));
    const dribble = setInterval(() => socket.write(drop), 40);
    socket.on('data', (data) => (answered += data.toString()));
    // Dribbling on after the end is an error of its own.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(dribble);
      resolve(answered);
    });
  });
  return read(text);
}

function read(text: string): ApiAnswer {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [start = '', ...fields] = head.split('\r\n');
  const headers = new Headers(fields.map((field): [string, string] => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1)]));
  expect(Number(headers.get('content-length')), text).toBe(Buffer.byteLength(body));
  const answer = { status: Number(start.split(' ')[1]), headers, body: JSON.parse(body) as unknown };
  // Whatever was asked for, a refusal is a problem.
  expect(contractOperation('createSpace').validateAnswer(answer.status, headers.get('content-type')?.split(';')[0], answer.body)).toEqual([]);
  return answer;
}
