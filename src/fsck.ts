/** `npm run fsck`: proves that nothing leaks. Exit 0 when every pool is tiled exactly and every quota counted right, 1 with the findings otherwise. */
import 'reflect-metadata';
import { readDatabaseUrl } from './config.js';
import { counted } from './model/counted.js';
import { checkIntegrity } from './operations/integrity/check-integrity.js';
import { createDataSource } from './storage/database.js';
import { Transactions } from './storage/transactions.js';

try {
  const source = await createDataSource(readDatabaseUrl(process.env), 2).initialize();
  const result = await new Transactions(source).snapshot(checkIntegrity);
  await source.destroy();
  for (const { kind, poolId, prefix, quotaId, detail } of result.findings) console.log(`${kind} ${quotaId === null ? `pool ${poolId} ${prefix}` : `quota ${quotaId}`}: ${detail}`);
  console.log(`${result.clean ? 'clean' : 'NOT clean'}: ${counted(result.pools, 'pool')}, ${counted(result.allocations, 'allocation')}, ${counted(result.freeBlocks, 'free block')}, ${counted(result.findings.length, 'finding')}`);
  process.exitCode = result.clean ? 0 : 1;
} catch (error) {
  console.error(`casm: fsck failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
