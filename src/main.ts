import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import type { CommandIo } from './commands/io.js';
import { cacheDir } from './config/cache-dir.js';
import { inCi } from './config/environment.js';

const { stdin, stdout, stderr, env } = process;
const terminal = stdin.isTTY === true && stdout.isTTY === true;
const noColor = env.NO_COLOR !== undefined && env.NO_COLOR !== '';

const io: CommandIo = {
  stdout,
  stderr,
  stdin,
  env,
  cwd: process.cwd(),
  interactive: terminal && !inCi(env),
  color: stdout.isTTY === true && !noColor && env.TERM !== 'dumb',
};

// Whoever reads our output may stop reading (a pipe to head); that is no reason to fall over.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// Started by an older Node (bin/hotmod.js) that has gone: nobody is left who could end us.
if (env.HOTMOD_PARENT !== undefined) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

// Most of what a start takes is to read and compile some hundred sources: the second start finds them compiled. Where that
// cannot be kept, it says so in its answer, and nothing else is different (nodejs.org/api/module.html#module-compile-cache).
enableCompileCache(join(cacheDir(env), 'node'));
const { run } = await import('./cli.js');

process.exitCode = await run(process.argv.slice(2), io);
// A library that keeps a handle open must not keep the program from ending.
await new Promise<void>((resolve) => stdout.write('', () => resolve()));
process.exit();
