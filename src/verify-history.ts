/**
 * `npm run verify-history [-- number:hash]`: holds the audit against its seals, and against a seal noted elsewhere earlier. Needs
 * DATABASE_URL and nothing else, and only reads. Exit 0 when all is as it was sealed, 1 with the findings, 2 when it cannot tell.
 */
import 'reflect-metadata';
import { readDatabaseUrl } from './config.js';
import { counted } from './model/counted.js';
import { verifyHistory } from './operations/history/verify-history.js';
import { createDataSource } from './storage/database.js';
import { Transactions } from './storage/transactions.js';

try {
  const source = await createDataSource(readDatabaseUrl(process.env), 2).initialize();
  const verdict = await new Transactions(source).snapshot((tx) => verifyHistory(tx, { anchor: process.argv[2] }));
  await source.destroy();
  for (const finding of verdict.findings) console.log(finding);
  const { ranges, rows, forgotten, unsealed, head } = verdict;
  if (forgotten.rows > 0) console.log(`${counted(forgotten.rows, 'row')} of ${counted(forgotten.ranges, 'range')} past retention and gone`);
  if (unsealed.rows > 0) console.log(`${counted(unsealed.rows, 'row')} since ${unsealed.since} not sealed yet, and not judged`);
  console.log(`${verdict.findings.length === 0 ? 'as sealed' : 'NOT as sealed'}: ${counted(ranges, 'range')}, ${counted(rows, 'row')}${head === null ? '' : `; newest seal ${head}`}`);
  process.exitCode = verdict.findings.length === 0 ? 0 : 1;
} catch (error) {
  console.error(`casm: verify-history failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
