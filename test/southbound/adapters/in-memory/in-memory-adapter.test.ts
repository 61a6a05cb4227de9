import { describe, expect, it } from 'vitest';
import { Reject, Retry } from '../../../../src/southbound/adapter.js';
import { InMemoryAdapter } from '../../../../src/southbound/adapters/in-memory/in-memory-adapter.js';
import { adapterContract } from '../../adapter-contract.js';
import { deviceHandle, memoryInTest } from '../../contract-device.js';
import { deviceId, documentOf, v4Range } from '../../contract-documents.js';

adapterContract('in-memory', async () => {
  const adapter = new InMemoryAdapter();
  const memory = memoryInTest();
  return {
    adapter,
    handle: (signal) => deviceHandle({ endpoint: 'memory:', memory, ...(signal === undefined ? {} : { signal }) }),
    held: async () => (adapter.held(deviceId)?.ranges ?? []).map(({ prefix, state }) => ({ prefix, state })),
    line: {
      cut: () => adapter.failWith(deviceId, new Retry('the line is cut')),
      mend: () => adapter.failWith(deviceId, null),
    },
    changes: null,
    refused: (revision) => {
      adapter.failWith(deviceId, new Reject('told to refuse'));
      return documentOf(revision, []);
    },
    stop: async () => {},
  };
});

describe('in-memory adapter', () => {
  it('keeps devices apart, and a copy rather than what it was handed', async () => {
    const adapter = new InMemoryAdapter();
    const handle = (id: string) => deviceHandle({ id, endpoint: 'memory:', memory: memoryInTest() });
    const ranges = [v4Range('192.0.2.0/24')];
    await adapter.apply(handle('a'), documentOf('1', ranges));
    ranges.pop();
    expect(adapter.held('a')?.ranges).toHaveLength(1);
    expect(adapter.held('b')).toBeUndefined();
  });
});
