// Is compiled, not run: the types fit how the package is used.
import { connect, start, type Entry, Refused, type RetryVerdict, Server, StandinError, VerificationError } from 'standin';

const server: Server = await start({ scenario: 'unavailable', fixture: ['default'], timeout: 5 });
const other: Server = await connect('http://127.0.0.1:9311', { token: 't' });
const box = await server.sandbox('a test', { fixture: 'empty', seed: 7, clock: { freeze: true } });
const name: string = await box.arm({ use: 'freezer.clients.create/753' }, { times: 2 });
await box.loseReply('privx.api-clients.create');
const found: Entry[] = await box.waitFor({ operation: 'freezer.*', status: 503 }, { atLeast: 2, timeout: 3 });
const status: number | undefined = found[0].reply?.status;
const verdicts: RetryVerdict[] = await box.retries({ max: 5 });
await box.advance(90);
await box.reset({ only: ['world'], to: name });
try {
  await box.verify({ operation: 'freezer.*', requests: status ?? verdicts.length });
} catch (error) {
  if (error instanceof VerificationError) console.log(error.judgements[0].expectation);
  else if (error instanceof Refused) console.log(error.status, error.problem.title);
  else if (error instanceof StandinError) console.log(error.message);
}
// @ts-expect-error: there is no part of that name
await box.reset({ only: ['wrld'] });
// @ts-expect-error: the status is a number
const wrong: string = found[0].reply?.status;
await other.stop();
