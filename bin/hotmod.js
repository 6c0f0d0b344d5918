#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const isCurrent = major > 22 || (major === 22 && minor >= 22);
// A checkout brings a Node of its own for machines with an older one.
const ownNode = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url));

if (isCurrent) await import('../dist/main.js');
else if (existsSync(ownNode)) runWith(ownNode);
else {
  console.error(
    `hotmod needs Node 22.22 or newer, and this is ${process.versions.node}: install a current one from nodejs.org.`,
  );
  process.exitCode = 3;
}

/** Hands over to another Node, and ends as it ends. It notices through the channel when this process is gone. */
function runWith(node) {
  const child = spawn(node, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, HOTMOD_PARENT: String(process.pid) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code));
}
