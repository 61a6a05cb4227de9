import { describe, expect, it } from 'vitest';
import { localUrl, readSettings } from '../../../src/lab/start/settings.js';

describe('the settings of npm start', () => {
  it('need nothing', () => {
    expect(readSettings({}, '/srv/casm')).toEqual({ host: '127.0.0.1', port: 8080, dataFolder: '/srv/casm/.casm', adminToken: undefined, lab: true });
  });

  it('take what is given', () => {
    expect(readSettings({ CASM_PORT: '9000', CASM_HOST: '::', CASM_DATA_DIR: '/var/lib/casm', CASM_ADMIN_TOKEN: 'long-enough', CASM_LAB: 'off' }, '/srv/casm')).toEqual({
      host: '::',
      port: 9000,
      dataFolder: '/var/lib/casm',
      adminToken: 'long-enough',
      lab: false,
    });
  });

  it.each([
    [{ CASM_PORT: '0' }, 'CASM_PORT must be a whole number from 1 to 65535, not "0"'],
    [{ CASM_PORT: '65536' }, 'CASM_PORT must be a whole number from 1 to 65535, not "65536"'],
    [{ CASM_PORT: 'http' }, 'CASM_PORT must be a whole number from 1 to 65535, not "http"'],
    [{ CASM_PORT: '8080.5' }, 'CASM_PORT must be'],
    [{ CASM_ADMIN_TOKEN: 'short' }, 'CASM_ADMIN_TOKEN must be 8 to 512 visible ASCII characters'],
    [{ CASM_ADMIN_TOKEN: 'with blanks in it' }, 'CASM_ADMIN_TOKEN must be'],
    [{ CASM_LAB: 'yes' }, 'CASM_LAB must be on or off, not "yes"'],
  ])('refuse %o', (environment, message) => {
    expect(() => readSettings(environment, '/srv/casm')).toThrow(message);
  });

  it('are reached from this machine wherever it listens', () => {
    expect(localUrl('0.0.0.0', 1)).toBe('http://127.0.0.1:1');
    expect(localUrl('::', 2)).toBe('http://[::1]:2');
    expect(localUrl('casm.example.net', 3)).toBe('http://casm.example.net:3');
  });
});
